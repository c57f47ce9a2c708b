/** Average and max pooling with their adjoints. */
import { numbersAttr } from '../../../ops/attrs.ts';
import { sizeOf } from '../../../tensor.ts';
import type { GraphBuilder, Value } from '../builder.ts';
import { padSpace } from './convolution.ts';
import type { Emission, EmissionContext } from './emission.ts';

interface Window {
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly padding: readonly [number, number, number, number];
}

function windowOf(expr: EmissionContext['expr']): Window {
  return {
    size: numbersAttr(expr.attrs, 'size') as [number, number],
    strides: numbersAttr(expr.attrs, 'strides') as [number, number],
    padding: numbersAttr(expr.attrs, 'padding') as [number, number, number, number],
  };
}

/** Above this width the product below has more to multiply than memory takes to read. */
const WIDEST_PRODUCT = 64;

/**
 * Windows that tile the images: a band of rows as high as a window is one row of a matrix, and pooling a product with
 * shares of each window, [height × width of the band, windows in it]. Several times as fast as `AveragePool`, and its
 * adjoint as `Resize`, which knows one thread only. Undefined where windows do not tile.
 */
function bandShares(graph: GraphBuilder, window: Window, height: number, width: number, adjoint: boolean) {
  const { size, strides, padding } = window;
  const tiles = size[0] === strides[0] && size[1] === strides[1] && padding.every((length) => length === 0);
  if (!tiles || height % size[0] !== 0 || width > WIDEST_PRODUCT) return undefined;
  const windows = Math.floor(width / size[1]);
  const pixels = size[0] * width;
  const shares = new Float32Array(pixels * windows);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const column = Math.floor((pixel % width) / size[1]);
    const place = adjoint ? column * pixels + pixel : pixel * windows + column;
    if (column < windows) shares[place] = 1 / (size[0] * size[1]);
  }
  return { pixels, windows, shares: graph.floats(shares, adjoint ? [windows, pixels] : [pixels, windows]) };
}

function avgPool({ graph, expr, inputs }: EmissionContext): Value {
  const window = windowOf(expr);
  const { size, strides, padding } = window;
  const [, , height, width] = expr.inputs[0]!.shape as [number, number, number, number];
  const band = bandShares(graph, window, height, width, false);
  if (band) {
    const bands = graph.reshape(inputs[0]!, [sizeOf(expr.shape) / band.windows, band.pixels]);
    return graph.reshape(graph.node('MatMul', [bands, band.shares]), expr.shape);
  }
  const attributes = { kernel_shape: size, strides, pads: padding, count_include_pad: 1 };
  return graph.node('AveragePool', inputs, attributes);
}

/** Windows that tile: each value of g repeated over its window. Windows that overlap: a transposed convolution. */
function avgPoolGrad({ graph, expr, inputs }: EmissionContext): Value {
  const window = windowOf(expr);
  const { size, strides, padding } = window;
  const [n, c, gHeight, gWidth] = expr.inputs[0]!.shape as [number, number, number, number];
  const [height, width] = numbersAttr(expr.attrs, 'inputSize') as [number, number];
  const band = bandShares(graph, window, height, width, true);
  if (band) {
    const bands = graph.reshape(inputs[0]!, [n * c * gHeight, band.windows]);
    return graph.reshape(graph.node('MatMul', [bands, band.shares]), expr.shape);
  }
  const share = graph.scalar(1 / (size[0] * size[1]));
  if (size[0] === strides[0] && size[1] === strides[1]) {
    const scaled = graph.node('Mul', [inputs[0]!, share]);
    const repeated = graph.node('Resize', [scaled, '', graph.floats([1, 1, size[0], size[1]])], {
      mode: 'nearest',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    });
    const [fullHeight, fullWidth] = [gHeight * size[0], gWidth * size[1]];
    const pads = [-padding[0], -padding[1], height + padding[0] - fullHeight, width + padding[1] - fullWidth];
    return padSpace(graph, repeated, fullHeight, fullWidth, pads);
  }
  const filter = graph.floats(new Float32Array(size[0] * size[1]).fill(1 / (size[0] * size[1])), [1, 1, ...size]);
  const planes = graph.reshape(inputs[0]!, [n * c, 1, gHeight, gWidth]);
  const whole = graph.node('ConvTranspose', [planes, filter], { strides });
  const fullHeight = (gHeight - 1) * strides[0] + size[0];
  const fullWidth = (gWidth - 1) * strides[1] + size[1];
  const pads = [-padding[0], -padding[1], height + padding[0] - fullHeight, width + padding[1] - fullWidth];
  return graph.reshape(padSpace(graph, whole, fullHeight, fullWidth, pads), expr.shape);
}

/** The maxima and their positions in the flattened input; the first of equals wins. */
function maxPoolWithPositions({ graph, expr, inputs }: EmissionContext): readonly Value[] {
  const { size, strides, padding } = windowOf(expr);
  return graph.nodes('MaxPool', [inputs[0]!], { kernel_shape: size, strides, pads: padding }, 2);
}

function maxPool({ graph, expr, inputs }: EmissionContext): Value {
  const { size, strides, padding } = windowOf(expr);
  return graph.node('MaxPool', [inputs[0]!], { kernel_shape: size, strides, pads: padding });
}

function maxPoolGrad(context: EmissionContext): Value {
  const { graph, expr, inputs } = context;
  const [, positions] = maxPoolWithPositions(context);
  const base = graph.node('Expand', [graph.scalar(0), graph.longs([sizeOf(expr.shape)])]);
  const updates = graph.reshape(inputs[1]!, [-1]);
  const flat = graph.reshape(positions!, [-1]);
  return graph.reshape(graph.node('ScatterElements', [base, flat, updates], { axis: 0, reduction: 'add' }), expr.shape);
}

function maxPoolPick(context: EmissionContext): Value {
  const { graph, inputs } = context;
  const [, positions] = maxPoolWithPositions(context);
  return graph.node('Gather', [graph.reshape(inputs[1]!, [-1]), positions!], { axis: 0 });
}

export const pooling: Readonly<Record<string, Emission>> = { avgPool, avgPoolGrad, maxPool, maxPoolGrad, maxPoolPick };
