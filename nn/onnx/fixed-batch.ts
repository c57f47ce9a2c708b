/**
 * Files exported for a fixed number of images, most often one, read for any number. Where such a file writes a shape
 * down, the extent that is the batch has to follow. Which one it is shows in a first walk with a number of images so
 * large and prime that no other extent has it as a factor; later walks go by what that one found.
 */
import type { OnnxNode } from '../../tensor/files/onnx/model.ts';
import type { Shape } from '../../tensor/tensor.ts';
import { type PassNotes, untranslatable } from './node.ts';

export const TRACED_BATCH = 10007;

/** The shape that `node` gives what has the shape `from`, for this pass's number of images. */
export function followBatch(
  node: OnnxNode,
  from: Shape,
  target: readonly number[],
  notes: PassNotes,
): readonly number[] {
  const { batch, fixedBatch, batchExtents } = notes;
  if (fixedBatch === undefined || batch === fixedBatch) return target;
  if (batch === TRACED_BATCH) {
    const place = placeOfBatch(from, target, fixedBatch);
    if (place !== undefined) batchExtents.set(node, place);
  }
  const place = batchExtents.get(node);
  return target.map((extent, axis) => (axis === place ? (extent / fixedBatch) * batch : extent));
}

/** Undefined where nothing has to follow: there is no batch, or the shape has it already or leaves it open. */
function placeOfBatch(from: Shape, target: readonly number[], fixedBatch: number): number | undefined {
  const holder = from.findIndex((extent) => extent > 0 && extent % TRACED_BATCH === 0);
  if (holder < 0 || target.some((extent) => extent > 0 && extent % TRACED_BATCH === 0)) return undefined;
  // Elements are in one order before and after, so the batch begins behind as many of them.
  const upTo = (shape: Shape, axis: number) => shape.slice(0, axis).reduce((product, extent) => product * extent, 1);
  const ahead = upTo(from, holder);
  const begins = target.map((_, axis) => upTo(target, axis) === ahead);
  if (begins[holder] && target[holder] === fixedBatch) return holder;
  // An extent that holds the batch and more: tokens · images, say, which part again where the shape says so.
  const beside = (from[holder] ?? 0) / TRACED_BATCH;
  const within = target.findIndex((extent, axis) => extent === fixedBatch && upTo(target, axis) === ahead * beside);
  if (beside > 1 && within >= 0 && !target.some((extent, axis) => begins[axis] && extent === fixedBatch)) return within;
  const place = target.findIndex((extent, axis) => begins[axis] && (extent === -1 || extent % fixedBatch === 0));
  if (place >= 0 && target[place] === -1) return undefined;
  // Features, which come last, hold no images: then it is what is ahead that takes them in, as tokens do.
  const last = place === target.length - 1 && fixedBatch === 1;
  const before = last ? target.findIndex((extent, axis) => extent > 1 && upTo(target, axis + 1) === ahead) : -1;
  if (before >= 0) return before;
  return place >= 0
    ? place
    : untranslatable(`the shape [${target}] mixes images; export the network with a dynamic batch size`);
}
