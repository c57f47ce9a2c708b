/**
 * What becomes of a learned step size α that is not over zero. The published code goes on: a student's step with a negative α
 * is a step, and at rates that are high for the loss α swings below zero and comes back. What ends it is its next evaluation,
 * every 100 iterations, whose optimiser takes no such rate. So here: a warning where α first leaves, a failure where it has
 * stayed there for 100 iterations, and wherever a set is to be made of it, which nobody could train on.
 */
import type { Json } from '../../base/json.ts';
import { FailureError, fail } from '../../base/result.ts';

export const STEP_SIZE_HELP =
  'Lower `learningRate`, `stepSizeLearningRate` or `maxStartEpoch`, or start from real images.';

/** Iterations between two evaluations of the published scripts (`eval_it`). */
const PATIENCE = 100;

/** Iterations in a row, the last one included, after which α was not over zero; part of the state. */
export function iterationsBelow(before: Json | undefined, stepSize: number): number {
  return stepSize > 0 ? 0 : ((before as number | undefined) ?? 0) + 1;
}

/** Of iteration `index`, from 0. `warned`: whether α had left before. */
export function watchStepSize(
  { index, stepSize, below, warned }: { index: number; stepSize: number; below: number; warned: boolean },
  warn: ((message: string) => void) | undefined,
): void {
  if (below === 1 && !warned)
    warn?.(
      `The learned step size went to ${stepSize} in step ${index + 1}. It may come back; after ${PATIENCE} steps below zero the stage ends. If it does: ${STEP_SIZE_HELP}`,
    );
  if (below < PATIENCE) return;
  const what = `The learned step size has been below zero since step ${index + 2 - below}, and is ${stepSize} after step ${index + 1}.`;
  throw new FailureError(fail('STEP_SIZE_NEGATIVE', what, { help: STEP_SIZE_HELP }).error);
}

/** Where a set is made: at the end and at snapshots. */
export function demandTrainable(stepSize: number, end: boolean): void {
  if (stepSize > 0) return;
  const what = end ? 'ended at' : 'is at';
  const { error } = fail(
    'STEP_SIZE_NEGATIVE',
    `The learned step size ${what} ${stepSize}, but nothing can be trained at a rate that is not over 0.`,
    { help: end ? STEP_SIZE_HELP : `${STEP_SIZE_HELP} Or take snapshots at other steps: it may come back.` },
  );
  throw new FailureError(error);
}
