/**
 * Convolution's adjoint in its filters as one matrix product an image: g [O, places] by the windows of x
 * [channels × kernel, places], summed over the images. ONNX has no operation that lays windows out; a convolution with
 * one-hot filters does it in one pass, for any strides, padding and dilations. On the processor this took two thirds
 * of the time of a convolution of x with g (batch and channels swapped), whose windows are as large as the images.
 */
import { numbersAttr } from '../../../ops/attrs.ts';
import type { GraphBuilder, Value } from '../builder.ts';
import { contrib } from '../builder.ts';
import { type ConvAttributes, convAttributes } from './convolution-attributes.ts';
import type { EmissionContext } from './emission.ts';

/** Elements of laid out windows at a time (64 MB): more images go one part after the other. */
const LARGEST_WINDOWS = 2 ** 24;

export function conv2dFilterGrad({ graph, expr, inputs }: EmissionContext): Value {
  const attributes = convAttributes(expr);
  const [x, g] = inputs as [Value, Value];
  const [images, channels] = expr.inputs[0]!.shape as [number, number, number, number];
  const [, out, rows, columns] = expr.inputs[1]!.shape as [number, number, number, number];
  const kernel = numbersAttr(expr.attrs, 'kernelSize') as [number, number];
  const area = kernel[0] * kernel[1];
  const places = rows * columns;
  const { groups } = attributes;

  const ofImages = (count: number, part: Value, slope: Value): Value => {
    const windows = isPointwise(attributes, kernel) ? part : layOut(graph, part, channels, kernel, attributes);
    if (groups === 1 && isCheaperFolded(out, channels * area, places)) {
      const fold = (value: Value, rows: number) =>
        graph.reshape(graph.transpose(graph.reshape(value, [count, rows, places]), [1, 0, 2]), [rows, count * places]);
      const [left, right] = [fold(slope, out), fold(windows, channels * area)];
      return graph.node('Gemm', [left, right], { transA: 0, transB: 1 });
    }
    const lead = groups === 1 ? [count] : [count, groups];
    const left = graph.reshape(slope, [...lead, out / groups, places]);
    const right = graph.reshape(windows, [...lead, (channels / groups) * area, places]);
    const products = graph.node('FusedMatMul', [left, right], { transA: 0, transB: 1 }, contrib);
    return count === 1 ? products : graph.node('ReduceSum', [products, graph.longs([0])], { keepdims: 0 });
  };

  const atOnce = Math.max(1, Math.floor(LARGEST_WINDOWS / (channels * area * places)));
  if (images <= atOnce) return graph.reshape(ofImages(images, x, g), expr.shape);
  const counts = Array.from({ length: Math.ceil(images / atOnce) }, (_, index) =>
    Math.min(atOnce, images - index * atOnce),
  );
  const split = (value: Value) => graph.nodes('Split', [value, graph.longs(counts)], { axis: 0 }, counts.length);
  const [parts, slopes] = [split(x), split(g)];
  const sums = counts.map((count, index) => graph.reshape(ofImages(count, parts[index]!, slopes[index]!), expr.shape));
  return graph.node('Sum', sums);
}

/** From 26 on it took two thirds of the time; at 4 as long; below up to twice as long, for the copies that it takes. */
const FOLD_FROM = 8;

/**
 * Few places and many channels: the products of all images would be written and read, and are many times as large as
 * what they are made of. Then the images stand beside each other in one product.
 */
function isCheaperFolded(out: number, windows: number, places: number): boolean {
  return out * windows >= FOLD_FROM * places * (out + windows);
}

/** A window of one pixel at every pixel: x is its own windows. */
function isPointwise({ strides, padding }: ConvAttributes, kernel: readonly number[]): boolean {
  return [...kernel, ...strides].every((length) => length === 1) && padding.every((length) => length === 0);
}

/** [N, C, H, W] → [N, C·kernel, rows, columns]: each pixel of each window is a channel. */
function layOut(
  graph: GraphBuilder,
  x: Value,
  channels: number,
  [height, width]: readonly [number, number],
  { strides, padding, dilations }: ConvAttributes,
): Value {
  const area = height * width;
  const filters = new Float32Array(channels * area * area);
  for (let filter = 0; filter < channels * area; filter++) filters[filter * area + (filter % area)] = 1;
  return graph.node('Conv', [x, graph.floats(filters, [channels * area, 1, height, width])], {
    strides,
    pads: padding,
    dilations,
    group: channels,
  });
}
