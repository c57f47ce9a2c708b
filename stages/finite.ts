/** Numbers that are none stop a stage at the step that made them: every later step, and the artifact, would be lost. */
import { FailureError, fail } from '../base/result.ts';
import type { TensorData } from '../tensor/tensor.ts';

export interface Figures {
  readonly loss: number;
  /** What the step moved. */
  readonly images?: TensorData;
}

/** `stage` names it, e.g. `match (dm)`; steps are told from 1. */
export function demandFinite(stage: string, step: number, { loss, images }: Figures, help: string): void {
  const culprit = !Number.isFinite(loss) ? 'a loss that is' : allFinite(images) ? undefined : 'images that are';
  if (culprit === undefined) return;
  throw new FailureError(
    fail('STEP_NOT_FINITE', `Step ${step + 1} of ${stage} gave ${culprit} not finite.`, { help }).error,
  );
}

/** In doubles no sum of float32 overflows, and once NaN or infinite it never becomes finite again. */
function allFinite(values: TensorData = new Float32Array(0)): boolean {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] as number;
  return Number.isFinite(sum);
}
