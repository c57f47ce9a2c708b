import { expect, it } from 'vitest';
import { constantRate, cosineDecay, linearWarmUp } from './schedules.ts';

it('warms up as PyTorch does, from a hundredth of the rate', () => {
  // torch 2.15: SequentialLR([LinearLR(start_factor=0.01, total_iters=5), CosineAnnealingLR(T_max=95)], milestones=[5])
  const golden = [0.01, 0.208, 0.406, 0.604, 0.802, 1, 0.99972663, 0.99890681];
  const rate = linearWarmUp(5, cosineDecay(95), 0.01);
  for (const [epoch, expected] of golden.entries()) expect(rate(epoch)).toBeCloseTo(expected, 8);
  expect(rate(50)).toBeCloseTo(0.54128967, 8);
  expect(rate(99)).toBeCloseTo(0.00027337, 8);
});

it('warms up by equal parts where nothing else is said', () => {
  const rate = linearWarmUp(4, constantRate);
  expect([0, 1, 2, 3, 4, 9].map(rate)).toEqual([0.25, 0.5, 0.75, 1, 1, 1]);
});
