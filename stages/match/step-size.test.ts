/** A learned step size below zero: when it is told, when it ends the stage. */
import { expect, it } from 'vitest';
import { demandTrainable, iterationsBelow, watchStepSize } from './step-size.ts';

/** The course of α, iteration by iteration: warnings, and where the stage ended. */
function course(sizes: readonly number[]) {
  const warnings: string[] = [];
  let below = 0;
  let warned = false;
  for (const [index, stepSize] of sizes.entries()) {
    below = iterationsBelow(below, stepSize);
    try {
      watchStepSize({ index, stepSize, below, warned }, (message) => warnings.push(message));
    } catch (error) {
      return { warnings, ended: index + 1, message: (error as Error).message };
    }
    warned ||= below > 0;
  }
  return { warnings, ended: undefined };
}

it('that comes back is told once, at the step where it first left', () => {
  const swing = [0.01, 0.002, -0.003, -0.001, 0.004, -0.002, 0, 0.005];
  const { warnings, ended } = course(swing);
  expect(ended).toBeUndefined();
  expect(warnings).toEqual([expect.stringMatching(/^The learned step size went to -0\.003 in step 3\./)]);
});

it('that stays for a hundred steps ends the stage, with the step where it left', () => {
  const gone = course([0.01, ...Array<number>(150).fill(-0.002)]);
  expect(gone).toMatchObject({ ended: 101, message: expect.stringContaining('below zero since step 2') as string });
  // A single step above begins the count anew.
  const back = [0.01, ...Array<number>(99).fill(-0.002), 0.001, ...Array<number>(99).fill(-0.002)];
  expect(course(back).ended).toBeUndefined();
});

it.each([
  ['the end', true, 'ended at -0.5', /from real images\.$/],
  ['a snapshot', false, 'is at -0.5', /snapshots at other steps/],
])('no set is made of it at %s', (_, end, what, help) => {
  expect(() => demandTrainable(0.01, end)).not.toThrow();
  expect(() => demandTrainable(-0.5, end)).toThrow(
    expect.objectContaining({
      message: expect.stringContaining(what) as string,
      failure: expect.objectContaining({ code: 'STEP_SIZE_NEGATIVE', help: expect.stringMatching(help) as string }),
    }),
  );
});
