/** Mini-batches of a pass over a synthetic set, in a given order; the last, smaller one is kept. */
import { ints, type Tensor } from '../../tensor/tensor.ts';
import { chosenRows } from '../rows.ts';
import type { SyntheticSet } from '../synthetic-set.ts';

export interface Batch {
  readonly images: Tensor;
  readonly labels: Tensor;
}

/** Its soft labels, where it has them, are what is learned. */
export function batchesOf({ images, labels, softLabels }: SyntheticSet, order: Int32Array, size: number): Batch[] {
  const batches: Batch[] = [];
  const labelled = (chosen: Int32Array) =>
    softLabels ? chosenRows(softLabels, chosen) : ints(chosen.map((image) => labels.data[image] ?? 0));
  for (let start = 0; start < order.length; start += size) {
    const chosen = order.subarray(start, start + size);
    batches.push({ images: chosenRows(images, chosen), labels: labelled(chosen) });
  }
  return batches;
}
