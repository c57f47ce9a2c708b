import { expect, it } from 'vitest';
import { type Features, herding, kCenter, mostForgotten } from './select-coreset.ts';

/** Points of a line. */
const line = (...values: number[]): Features => ({ count: values.length, width: 1, values: Float32Array.from(values) });

it('herding keeps the mean of the chosen at the mean of all', () => {
  // Mean 4. First 4; then 3 and 5 are as near, of which 3 is first; then (4 + 3 + 5) / 3 = 4.
  expect(herding(line(0, 3, 4, 5, 8), 3)).toEqual([2, 1, 3]);
  expect(herding(line(0, 3, 4, 5, 8), 5).toSorted()).toEqual([0, 1, 2, 3, 4]);
});

it('k-center begins in the middle and goes where nothing is', () => {
  expect(kCenter(line(0, 3, 4, 5, 8.5), 3)).toEqual([2, 4, 0]);
  expect(kCenter(line(1, 1, 1), 3).toSorted()).toEqual([0, 1, 2]);
});

it('forgetting takes what was never learned, then what was lost most often', () => {
  expect(mostForgotten([0, 3, 0, 1], [1, 1, 0, 1], 3)).toEqual([2, 1, 3]);
});
