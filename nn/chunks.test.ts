import { expect, it } from 'vitest';
import { input } from '../tensor/expr.ts';
import { chunksOf } from './chunks.ts';

it.each([
  [100, 25, [25, 25, 25, 25]],
  [100, 30, [25, 25, 25, 25]],
  [7, 3, [3, 3, 1]],
  [3, 50, [3]],
])('cuts %i rows into chunks of at most %i', (count, most, lengths) => {
  const chunks = chunksOf(count, most);
  const rows = input('rows', [count, 2]);
  expect(chunks.map(({ length }) => length)).toEqual(lengths);
  expect(chunks.map(({ of }) => of(rows).shape)).toEqual(lengths.map((length) => [length, 2]));
  expect(chunks.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
});
