/** Numbers that are none stop a stage at the step that made them: every later step, and the artifact, would be lost. */
import { FailureError, fail } from '../base/result.ts';
import type { Tensor, TensorData } from '../tensor/tensor.ts';

export interface Figures {
  readonly loss: number;
  /** What the step moved. */
  readonly images?: TensorData;
  /** The same, of parameters by name. */
  readonly tensors?: Readonly<Record<string, Tensor>>;
}

/** `stage` names it, e.g. `match (dm)`; steps are told from 1. */
export function demandFinite(stage: string, step: number, figures: Figures, help: string): void {
  const culprit = culpritOf(figures);
  if (culprit === undefined) return;
  throw new FailureError(
    fail('STEP_NOT_FINITE', `Step ${step + 1} of ${stage} gave ${culprit} not finite.`, {
      help: `${help} The same command with \`--debug-nan\` names the operation.`,
    }).error,
  );
}

function culpritOf({ loss, images, tensors }: Figures): string | undefined {
  if (!Number.isFinite(loss)) return 'a loss that is';
  if (!allFinite(images)) return 'images that are';
  const name = firstNotFinite(tensors ?? {});
  return name === undefined ? undefined : `values of \`${name}\` that are`;
}

/** The name of the first float tensor with a value that is none. */
export function firstNotFinite(tensors: Readonly<Record<string, Tensor>>): string | undefined {
  return Object.entries(tensors).find(([, { dtype, data }]) => dtype === 'float' && !allFinite(data))?.[0];
}

/** In doubles no sum of float32 overflows, and once NaN or infinite it never becomes finite again. */
function allFinite(values: TensorData = new Float32Array(0)): boolean {
  return Number.isFinite(values instanceof Float32Array ? sumOfSingles(values) : sumOf(values));
}

function sumOf(values: TensorData): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** Of millions after every step: for one kind of array, and four sums side by side, since an addition waits for the last. */
function sumOfSingles(values: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let index = 0;
  for (; index + 3 < values.length; index += 4) {
    a += values[index] as number;
    b += values[index + 1] as number;
    c += values[index + 2] as number;
    d += values[index + 3] as number;
  }
  for (; index < values.length; index++) a += values[index] as number;
  return a + b + c + d;
}
