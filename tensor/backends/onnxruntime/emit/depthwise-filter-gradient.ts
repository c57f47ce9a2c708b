/**
 * The adjoint in the filters of a convolution that filters each channel by itself, on small images: a product a channel of all
 * places by all pixels, summed over the images, out of which each tap takes the pairs that it joins. A product an image and
 * channel has a single row, and there are thousands of them.
 */
import type { Shape } from '../../../tensor.ts';
import type { GraphBuilder, Value } from '../builder.ts';
import { contrib } from '../builder.ts';
import type { ConvAttributes } from './convolution-attributes.ts';

export interface DepthwiseGradient {
  readonly x: Value;
  readonly g: Value;
  /** [N, C, H, W] and [N, C, rows, columns] */
  readonly images: Shape;
  readonly places: Shape;
  readonly kernel: readonly [number, number];
  readonly attributes: ConvAttributes;
}

/** Pairs of a place and a pixel above which there is more to multiply than products of single rows take. */
const MOST_PAIRS = 1024;
/** Images below which single rows are few. */
const FEWEST_IMAGES = 8;

export function isOfPairs({ images, places, attributes }: DepthwiseGradient): boolean {
  const [count = 0, channels = 0, height = 0, width = 0] = images;
  const [, out, rows = 0, columns = 0] = places;
  const alone = attributes.groups === channels && out === channels;
  return alone && count >= FEWEST_IMAGES && height * width * rows * columns <= MOST_PAIRS;
}

/** [C, kh · kw] */
export function byPairs(graph: GraphBuilder, { x, g, images, places, kernel, attributes }: DepthwiseGradient): Value {
  const [count = 0, channels = 0, height = 0, width = 0] = images;
  const [, , rows = 0, columns = 0] = places;
  const [pixels, spots, area] = [height * width, rows * columns, kernel[0] * kernel[1]];
  const channelFirst = (value: Value, extent: number) =>
    graph.transpose(graph.reshape(value, [count, channels, extent]), [1, 0, 2]);
  const [left, right] = [channelFirst(g, spots), channelFirst(x, pixels)];
  const pairs = graph.node('FusedMatMul', [left, right], { transA: 1, transB: 0 }, contrib); // [C, places, pixels]
  const { strides, padding, dilations } = attributes;
  const picks = new Float32Array(spots * pixels * area);
  for (let spot = 0; spot < spots; spot++) {
    for (let tap = 0; tap < area; tap++) {
      const row = Math.floor(spot / columns) * strides[0] + Math.floor(tap / kernel[1]) * dilations[0] - padding[0];
      const column = (spot % columns) * strides[1] + (tap % kernel[1]) * dilations[1] - padding[1];
      const isInside = row >= 0 && row < height && column >= 0 && column < width;
      if (isInside) picks[(spot * pixels + row * width + column) * area + tap] = 1;
    }
  }
  const flat = graph.reshape(pairs, [channels, spots * pixels]);
  return graph.node('MatMul', [flat, graph.floats(picks, [spots * pixels, area])]);
}
