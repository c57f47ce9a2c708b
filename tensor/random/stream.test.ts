import { expect, it } from 'vitest';
import { randomStream } from './stream.ts';

const stream = randomStream({ base: 7, set: 2 }, 'test');

it('a range of indices is a prefix of a longer one', () => {
  expect([...stream.uniform(3, 10)]).toEqual([...stream.uniform(3, 1000).subarray(0, 10)]);
  expect([...stream.normal(3, 7)]).toEqual([...stream.normal(3, 100).subarray(0, 7)]);
  expect([...stream.choose(3, 50, 5)]).toEqual([...stream.permutation(3, 50).subarray(0, 5)]);
});

it('seed, name, step and kind of draw each give other numbers', () => {
  const first = (other = stream, step = 3) => other.uniform(step, 4).join();
  const seen = [
    first(),
    first(stream, 4),
    first(stream, 2 ** 32 + 3),
    first(randomStream({ base: 8, set: 2 }, 'test')),
    first(randomStream({ base: 7, set: 3 }, 'test')),
    first(randomStream({ base: 7, evaluation: 2 }, 'test')),
    first(randomStream({ base: 7 }, 'test')),
    first(randomStream({ base: 7, set: 2 }, 'other')),
  ];
  expect(new Set(seen).size).toBe(seen.length);
});

it('uniform numbers lie in [0, 1) with the moments they should have', () => {
  const values = stream.uniform(0, 100_000);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
  expect(mean).toBeCloseTo(1 / 2, 2);
  expect(variance).toBeCloseTo(1 / 12, 2);
});

it('normal numbers have mean 0, variance 1, kurtosis 3', () => {
  const values = stream.normal(0, 100_000);
  const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
  expect(moment(1)).toBeCloseTo(0, 1);
  expect(Math.abs(moment(2) - 1)).toBeLessThan(0.02);
  expect(Math.abs(moment(4) - 3)).toBeLessThan(0.15);
});

it('permutations hold every number once, each place evenly', () => {
  expect([...stream.permutation(5, 100)].sort((a, b) => a - b)).toEqual([...Array(100).keys()]);
  const firsts = new Map<number, number>();
  for (let step = 0; step < 6000; step++) {
    const [first = -1] = stream.permutation(step, 6);
    firsts.set(first, (firsts.get(first) ?? 0) + 1);
  }
  expect([...firsts.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  for (const count of firsts.values()) expect(Math.abs(count - 1000)).toBeLessThan(130);
});

it('chooses distinct numbers, refuses more than there are', () => {
  expect(new Set(stream.choose(1, 1000, 64)).size).toBe(64);
  expect(() => stream.choose(1, 3, 4)).toThrow('at most 3');
});

it('never changes: results of years must stay reproducible', () => {
  expect([...stream.uniform(3, 3)].map((value) => value * 2 ** 32)).toMatchInlineSnapshot(`
    [
      2442666565,
      2489204330,
      621083974,
    ]
  `);
  expect([...stream.integers(3, 5, 10)]).toMatchInlineSnapshot(`
    [
      5,
      5,
      1,
      5,
      0,
    ]
  `);
  expect([...stream.permutation(3, 8)]).toMatchInlineSnapshot(`
    [
      6,
      4,
      0,
      2,
      3,
      5,
      7,
      1,
    ]
  `);
});
