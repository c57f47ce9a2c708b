/** An epoch of views with their labels, or a part of one, as a file. See `format.ts`. */
import { toFloat16 } from '../../tensor/files/file-types.ts';
import { encodeTyped, type TypedData } from '../../tensor/files/safetensors.ts';
import type { ViewRows } from './draws.ts';
import { factsAsMetadata, type SoftLabelFacts } from './format.ts';

export interface LabelRows {
  /** [R, C] where all of it is kept. */
  readonly logits?: Float32Array;
  /** [R, K] */
  readonly classes?: Int16Array;
  readonly probabilities?: Float32Array;
}

export function encodeViews(epoch: number, rows: ViewRows, labels: LabelRows, facts: SoftLabelFacts): Uint8Array {
  const { mix, batchSize, classes, kept } = facts;
  const count = rows.order.length;
  const batches = Math.ceil(count / batchSize);
  const tensors: Record<string, TypedData> = {
    order: { dtype: 'I32', shape: [count], data: rows.order },
    box: { dtype: 'I16', shape: [count, 4], data: rows.box },
    mirrored: { dtype: 'BOOL', shape: [count], data: rows.mirrored },
  };
  if (mix !== 'none') tensors.partner = { dtype: 'I32', shape: [count], data: rows.partner };
  if (mix === 'cutmix') tensors.mix_box = { dtype: 'I16', shape: [batches, 4], data: rows.mixBox };
  if (mix !== 'none') tensors.mix_lambda = { dtype: 'F32', shape: [batches], data: rows.mixLambda };
  if (labels.logits) tensors.logits = numbers(labels.logits, [count, classes], facts);
  if (labels.classes) tensors.classes = { dtype: 'I16', shape: [count, kept], data: labels.classes };
  if (labels.probabilities) tensors.probabilities = numbers(labels.probabilities, [count, kept], facts);
  return encodeTyped(tensors, factsAsMetadata(facts, { epoch: String(epoch) }));
}

export interface MapRows {
  /** Both [n, K, h, w]. */
  readonly classes: Int16Array;
  readonly scores: Float32Array;
  readonly shape: readonly number[];
}

/** Label maps of a run of images, from the `first` of the set. */
export function encodeMaps(first: number, { classes, scores, shape }: MapRows, facts: SoftLabelFacts): Uint8Array {
  return encodeTyped(
    { classes: { dtype: 'I16', shape, data: classes }, scores: numbers(scores, shape, facts) },
    factsAsMetadata(facts, { first: String(first) }),
  );
}

function numbers(values: Float32Array, shape: readonly number[], { precision }: SoftLabelFacts): TypedData {
  if (precision === 'float32') return { dtype: 'F32', shape, data: values };
  // What no half holds is as certain as the largest one.
  const held = values.map((value) => Math.min(Math.max(value, -LARGEST_HALF), LARGEST_HALF));
  return { dtype: 'F16', shape, data: toFloat16(held) };
}

const LARGEST_HALF = 65504;
