/** Bytes to normalised numbers and back: (pixel / 255 - mean) / std of each channel, nothing else. */
import { floats, sizeOf, type Tensor } from '../tensor/tensor.ts';
import type { DataSetFacts, Split } from './data-set.ts';

/** The images at `indices`, in that order: float32 [n, channels, height, width]. `next`: see `Split.decode`. */
export function normalised(
  set: Pick<DataSetFacts, 'channels' | 'height' | 'width' | 'mean' | 'std'>,
  split: Split,
  indices: ArrayLike<number>,
  next?: ArrayLike<number>,
): Tensor {
  const { channels, height, width } = set;
  const area = height * width;
  // A byte has 256 values: each is computed once, in float64, and rounded once.
  const tables = Array.from({ length: channels }, (_, channel) => {
    const { mean, std } = constantsOf(set.mean, set.std, channel);
    return Float32Array.from({ length: 256 }, (_, pixel) => (pixel / 255 - mean) / std);
  });
  const values = new Float32Array(indices.length * channels * area);
  const outside = Array.prototype.find.call(
    indices,
    (index) => !(Number.isInteger(index) && index >= 0 && index < split.count),
  );
  if (outside !== undefined) throw new Error(`Internal error: expected an index below ${split.count}, got ${outside}`);
  const decoded = split.decode?.(indices, next);
  const pixels = decoded ?? split.pixels;
  let to = 0;
  for (let image = 0; image < indices.length; image++) {
    let from = (decoded ? image : (indices[image] ?? 0)) * channels * area;
    for (const table of tables)
      for (let pixel = 0; pixel < area; pixel++) values[to++] = table[pixels[from++] ?? 0] ?? 0;
  }
  return floats(values, [indices.length, channels, height, width]);
}

/** The indices of each class's images, ascending. */
export function indicesByClass(split: Split, classes: number): Int32Array[] {
  const indices = Array.from({ length: classes }, (): number[] => []);
  for (let index = 0; index < split.count; index++) indices[split.labels[index] ?? -1]?.push(index);
  return indices.map((ofClass) => Int32Array.from(ofClass));
}

/** The nearest bytes, in the same layout; values beyond black and white are clamped, and NaN is black. */
export function toPixels(images: Tensor, mean: readonly number[], std: readonly number[]): Uint8Array {
  const [, channels = 1, ...sides] = images.shape;
  const area = sizeOf(sides);
  const pixels = new Uint8Array(images.data.length);
  for (let start = 0, plane = 0; start < pixels.length; start += area, plane++) {
    const constants = constantsOf(mean, std, plane % channels);
    for (let at = start; at < start + area; at++) {
      const value = Math.round(((images.data[at] ?? 0) * constants.std + constants.mean) * 255);
      pixels[at] = Math.min(255, Math.max(0, value));
    }
  }
  return pixels;
}

function constantsOf(
  means: readonly number[],
  stds: readonly number[],
  channel: number,
): { mean: number; std: number } {
  const mean = means[channel];
  const std = stds[channel];
  if (mean === undefined || std === undefined)
    throw new Error(`Internal error: expected a mean and a std for channel ${channel}`);
  return { mean, std };
}
