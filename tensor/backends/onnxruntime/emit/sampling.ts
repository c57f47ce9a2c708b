/** Bilinear sampling at (row, column) pixels, zero outside, and its adjoint in the pictures. */
import { numbersAttr } from '../../../ops/attrs.ts';
import { sizeOf } from '../../../tensor.ts';
import type { GraphBuilder, Value } from '../builder.ts';
import { elementTypes } from '../model.ts';
import type { Emission, EmissionContext } from './emission.ts';

/** Above this many weights the adjoint scatters instead of multiplying by the whole sampling matrix. */
const largestMatrix = 2 ** 21;

/**
 * ONNX wants (x, y) in -1..1; without aligned corners pixel p of n is (2p + 1) / n - 1, which also holds for n = 1.
 * Coordinates shared by all pictures sample all planes as channels of one picture.
 */
function gridSample({ graph, expr, inputs }: EmissionContext): Value {
  const [x, coords] = inputs as [Value, Value];
  const [n, c, height, width] = expr.inputs[0]!.shape as [number, number, number, number];
  const [coordsCount, outHeight, outWidth] = expr.inputs[1]!.shape as [number, number, number];
  const scaled = graph.node('Mul', [coords, graph.floats([2 / height, 2 / width])]);
  const placed = graph.node('Add', [scaled, graph.floats([1 / height - 1, 1 / width - 1])]);
  const grid = graph.node('Gather', [placed, graph.ints([1, 0])], { axis: 3 });
  const shared = coordsCount === 1;
  const pictures = shared ? graph.reshape(x, [1, n * c, height, width]) : x;
  const sampled = graph.node('GridSample', [pictures, grid], {
    mode: 'linear',
    padding_mode: 'zeros',
    align_corners: 0,
  });
  return shared ? graph.reshape(sampled, [n, c, outHeight, outWidth]) : sampled;
}

/** One coordinate of every sample as weights over `length` pixels: max(0, 1 - |coordinate - pixel|). */
function hat(graph: GraphBuilder, coordinate: Value, length: number): Value {
  const pixels = graph.floats(Array.from({ length }, (_, index) => index));
  const distance = graph.node('Abs', [graph.node('Sub', [coordinate, pixels])]);
  return graph.node('Relu', [graph.node('Sub', [graph.scalar(1), distance])]);
}

/** The product of two hats is the bilinear weight, so the adjoint is one product with the sampling matrix. */
function gridSampleGradByMatrix({ graph, expr, inputs }: EmissionContext): Value {
  const [g, coords] = inputs as [Value, Value];
  const [n, c] = expr.inputs[0]!.shape as [number, number];
  const [coordsCount, outHeight, outWidth] = expr.inputs[1]!.shape as [number, number, number];
  const [height, width] = numbersAttr(expr.attrs, 'inputSize') as [number, number];
  const samples = outHeight * outWidth;
  const flat = graph.reshape(coords, [coordsCount, samples, 2]);
  const rows = hat(graph, graph.slice(flat, [2], [0], [1]), height);
  const columns = hat(graph, graph.slice(flat, [2], [1], [2]), width);
  const weights = graph.node('Mul', [
    graph.reshape(rows, [coordsCount, samples, height, 1]),
    graph.reshape(columns, [coordsCount, samples, 1, width]),
  ]);
  const matrix = graph.reshape(weights, [coordsCount, samples, height * width]);
  const planes = graph.reshape(g, coordsCount === 1 ? [1, n * c, samples] : [n, c, samples]);
  return graph.reshape(graph.node('MatMul', [planes, matrix]), expr.shape);
}

/** Each of the four neighbours of every sample gets its share; neighbours outside get nothing. */
function gridSampleGradByScatter({ graph, expr, inputs }: EmissionContext): Value {
  const [g, coords] = inputs as [Value, Value];
  const [n, c] = expr.inputs[0]!.shape as [number, number];
  const [coordsCount, outHeight, outWidth] = expr.inputs[1]!.shape as [number, number, number];
  const [height, width] = numbersAttr(expr.attrs, 'inputSize') as [number, number];
  const samples = outHeight * outWidth;
  const flat = graph.reshape(coords, [coordsCount, 1, samples, 2]);
  const low = graph.node('Floor', [flat]);
  const fraction = graph.node('Sub', [flat, low]);
  const planes = graph.reshape(g, [n, c, samples]);
  let sum = graph.node('Expand', [graph.scalar(0), graph.longs([n, c, height * width])]);
  const part = (value: Value, axis: number) =>
    graph.reshape(graph.slice(value, [3], [axis], [axis + 1]), [coordsCount, 1, samples]);
  for (const [dy, dx] of [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ] as const) {
    const row = graph.node('Add', [part(low, 0), graph.scalar(dy)]);
    const column = graph.node('Add', [part(low, 1), graph.scalar(dx)]);
    const along = (axis: number, far: number) =>
      far ? part(fraction, axis) : graph.node('Sub', [graph.scalar(1), part(fraction, axis)]);
    const nearestRow = graph.node('Clip', [row, graph.scalar(0), graph.scalar(height - 1)]);
    const nearestColumn = graph.node('Clip', [column, graph.scalar(0), graph.scalar(width - 1)]);
    const inside = graph.node('And', [
      graph.node('Equal', [row, nearestRow]),
      graph.node('Equal', [column, nearestColumn]),
    ]);
    const weight = graph.node('Mul', [
      graph.node('Mul', [along(0, dy), along(1, dx)]),
      graph.node('Cast', [inside], { to: elementTypes.float }),
    ]);
    const position = graph.node('Add', [graph.node('Mul', [nearestRow, graph.scalar(width)]), nearestColumn]);
    const positions = graph.node('Expand', [
      graph.node('Cast', [position], { to: elementTypes.int64 }),
      graph.longs([n, c, samples]),
    ]);
    const updates = graph.node('Mul', [planes, weight]);
    sum = graph.node('ScatterElements', [sum, positions, updates], { axis: 2, reduction: 'add' });
  }
  return graph.reshape(sum, expr.shape);
}

function gridSampleGrad(context: EmissionContext): Value {
  const coords = context.expr.inputs[1]!.shape;
  const weights = (sizeOf(coords) / 2) * sizeOf(numbersAttr(context.expr.attrs, 'inputSize'));
  return weights <= largestMatrix ? gridSampleGradByMatrix(context) : gridSampleGradByScatter(context);
}

export const sampling: Readonly<Record<string, Emission>> = { gridSample, gridSampleGrad };
