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

const EXPONENT = 0x7f800000;
const LOWEST_EXPONENT_BIT = 0x00800000;

/** Of millions after every step, so by their bits: an exponent of ones alone, NaN or infinite, carries into the sign. */
function allSinglesFinite({ buffer, byteOffset, length }: Float32Array): boolean {
  const bits = new Int32Array(buffer, byteOffset, length);
  const carry = (index: number) => ((bits[index] as number) & EXPONENT) + LOWEST_EXPONENT_BIT;
  let carried = 0;
  let index = 0;
  // Four at a time take half as long.
  for (; index + 3 < length; index += 4)
    carried |= carry(index) | carry(index + 1) | carry(index + 2) | carry(index + 3);
  for (; index < length; index++) carried |= carry(index);
  return carried >= 0;
}
