/**
 * Convolution's adjoint in its filters as one matrix product an image: g [O, places] by the windows of x
 * [channels × kernel, places], summed over the images. ONNX has no operation that lays windows out; a convolution with
 * one-hot filters does it in one pass, for any strides, padding and dilations, and for small images a product with a
 * matrix of ones where a pixel goes, which took four fifths of the time of the whole gradient. On the processor this took two thirds
 * of the time of a convolution of x with g (batch and channels swapped), whose windows are as large as the images.
 */
import { numbersAttr } from '../../../ops/attrs.ts';
import type { GraphBuilder, Value } from '../builder.ts';
import { contrib } from '../builder.ts';
import { type ConvAttributes, convAttributes } from './convolution-attributes.ts';
import { byPairs, isOfPairs } from './depthwise-filter-gradient.ts';
import type { EmissionContext } from './emission.ts';

/** Elements of laid out windows at a time (64 MB): more images go one part after the other. */
const LARGEST_WINDOWS = 2 ** 24;

export function conv2dFilterGrad({ graph, expr, inputs }: EmissionContext): Value {
  const attributes = convAttributes(expr);
  const [x, g] = inputs as [Value, Value];
  const [images, channels] = expr.inputs[0]!.shape as [number, number, number, number];
  const [, out, rows, columns] = expr.inputs[1]!.shape as [number, number, number, number];
  const kernel = numbersAttr(expr.attrs, 'kernelSize') as [number, number];
  const [{ shape: imagesShape }, { shape: placesShape }] = [expr.inputs[0]!, expr.inputs[1]!];
  const depthwise = { x, g, images: imagesShape, places: placesShape, kernel, attributes };
  if (isOfPairs(depthwise)) return graph.reshape(byPairs(graph, depthwise), expr.shape);
  const area = kernel[0] * kernel[1];
  const places = rows * columns;
  const { groups } = attributes;
  const [, , height, width] = expr.inputs[0]!.shape as [number, number, number, number];
  const shapes = (count: number) => ({ images: [count, channels, height, width], kernel, places: [rows, columns] });

  const ofImages = (count: number, part: Value, slope: Value): Value => {
    const windows = isPointwise(attributes, kernel) ? part : layOut(graph, part, shapes(count), attributes);
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
    if (count === 1) return products;
    const ones = graph.floats(new Float32Array(count).fill(1), [1, count]);
    return graph.node('MatMul', [ones, graph.reshape(products, [count, (out * channels * area) / groups])]);
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

/** From 26 on it took two thirds of the time; at 3 five sixths; below up to twice as long, for the copies that it takes. */
const FOLD_FROM = 3;

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

interface Shapes {
  readonly images: readonly number[];
  readonly kernel: readonly number[];
  readonly places: readonly number[];
}

/** Pixels of images above which a product with all of them has more to multiply than the convolution takes. */
const FEW_PIXELS = 64;

/** [N, C, H, W] → [N, C·kernel, rows, columns]: each pixel of each window is a channel. */
function layOut(graph: GraphBuilder, x: Value, shapes: Shapes, attributes: ConvAttributes): Value {
  const [images = 0, channels = 0, height = 0, width = 0] = shapes.images;
  const [kernelHeight = 0, kernelWidth = 0] = shapes.kernel;
  const area = kernelHeight * kernelWidth;
  if (height * width <= FEW_PIXELS) {
    const planes = graph.reshape(x, [images * channels, height * width]);
    const picked = graph.node('MatMul', [planes, pixelPicks(graph, shapes, attributes)]);
    return graph.reshape(picked, [images, channels * area, ...shapes.places]);
  }
  const { strides, padding, dilations } = attributes;
  const filters = new Float32Array(channels * area * area);
  for (let filter = 0; filter < channels * area; filter++) filters[filter * area + (filter % area)] = 1;
  const oneHot = graph.floats(filters, [channels * area, 1, kernelHeight, kernelWidth]);
  return graph.node('Conv', [x, oneHot], { strides, pads: padding, dilations, group: channels });
}

/** [pixels of a plane, kernel · places], 1 where a window's pixel is that of the plane; nothing in the padding. */
function pixelPicks(graph: GraphBuilder, shapes: Shapes, { strides, padding, dilations }: ConvAttributes): Value {
  const [, , height = 0, width = 0] = shapes.images;
  const [kernelHeight = 0, kernelWidth = 0] = shapes.kernel;
  const [rows = 0, columns = 0] = shapes.places;
  const across = kernelHeight * kernelWidth * rows * columns;
  const picks = new Float32Array(height * width * across);
  for (let pixel = 0; pixel < across; pixel++) {
    const place = pixel % (rows * columns);
    const tap = Math.floor(pixel / (rows * columns));
    const y = Math.floor(place / columns) * strides[0] + Math.floor(tap / kernelWidth) * dilations[0] - padding[0];
    const x = (place % columns) * strides[1] + (tap % kernelWidth) * dilations[1] - padding[1];
    if (y >= 0 && y < height && x >= 0 && x < width) picks[(y * width + x) * across + pixel] = 1;
  }
  return graph.floats(picks, [height * width, across]);
}
