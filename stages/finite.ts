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

function allFinite(values: TensorData = new Float32Array(0)): boolean {
  return values instanceof Float32Array ? allSinglesFinite(values) : values.every(Number.isFinite);
}

/**
 * Of millions after every step, so by their sum: in double precision none of fewer than 2^895 singles leaves its range, and
 * one that is NaN or infinite stays so. Four sums at a time, of which none waits for another, take half as long.
 */
function allSinglesFinite(values: Float32Array): boolean {
  const { length } = values;
  const whole = length - (length % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let index = 0; index < whole; index += 4) {
    a += values[index] as number;
    b += values[index + 1] as number;
    c += values[index + 2] as number;
    d += values[index + 3] as number;
  }
  for (let index = whole; index < length; index++) a += values[index] as number;
  return Number.isFinite(a + b + c + d);
}
