import { expect, it } from 'vitest';
import { paceOf } from './probe.ts';

it('the pace of steps: what the first ones took longer belongs to the opening', () => {
  expect(
    paceOf([
      { step: 2, seconds: 5 },
      { step: 6, seconds: 7 },
      { step: 12, seconds: 10 },
    ]),
  ).toEqual({ opening: 4, aStep: 0.5 });
  // Later steps were slower than the first: nothing is opened in less than no time.
  expect(
    paceOf([
      { step: 4, seconds: 1 },
      { step: 8, seconds: 9 },
    ]),
  ).toEqual({ opening: 0, aStep: 2 });
  expect(paceOf([{ step: 1, seconds: 61 }])).toEqual({ opening: 0, aStep: 61 });
  expect(paceOf([])).toBeUndefined();
});
