/**
 * Matrix products, convolution and its adjoint in x: with stride 1 a convolution of g with the flipped filters, input and
 * output channels swapped; with other strides ConvTranspose. The adjoint in w has a file of its own.
 */
import { flagAttr, numbersAttr } from '../../../ops/attrs.ts';
import { contrib, type GraphBuilder, type Value } from '../builder.ts';
import { convAttributes } from './convolution-attributes.ts';
import type { Emission, EmissionContext } from './emission.ts';
import { conv2dFilterGrad } from './filter-gradient.ts';

function matmul({ graph, expr, inputs }: EmissionContext): Value {
  const transA = flagAttr(expr.attrs, 'transA') ? 1 : 0;
  const transB = flagAttr(expr.attrs, 'transB') ? 1 : 0;
  if (expr.inputs.every((side) => side.shape.length === 2)) return graph.node('Gemm', inputs, { transA, transB });
  if (!transA && !transB) return graph.node('MatMul', inputs);
  return graph.node('FusedMatMul', inputs, { transA, transB }, contrib);
}

function conv2d({ graph, expr, inputs }: EmissionContext): Value {
  const { strides, padding, dilations, groups } = convAttributes(expr);
  return graph.node('Conv', inputs, { strides, pads: padding, dilations, group: groups });
}

/** Kernels above this are turned by `Slice`; smaller ones by a product with a permutation, which uses all threads. */
const LARGEST_PERMUTED = 25;

/** Kernels in reverse order, both axes. */
function flippedKernels(graph: GraphBuilder, w: Value, shape: readonly number[]): Value {
  const [o, i, kh, kw] = shape as [number, number, number, number];
  const area = kh * kw;
  if (area === 1) return w;
  if (area > LARGEST_PERMUTED) return graph.flip(w, [2, 3]);
  const reversed = new Float32Array(area * area);
  for (let row = 0; row < area; row++) reversed[row * area + area - 1 - row] = 1;
  const rows = graph.reshape(w, [o * i, area]);
  return graph.reshape(graph.node('MatMul', [rows, graph.floats(reversed, [area, area])]), shape);
}

/** OIHW filters as those of the adjoint: flipped in both axes, channels swapped within each group. */
export function adjointFilters(graph: GraphBuilder, w: Value, shape: readonly number[], groups: number): Value {
  const [o, i, kh, kw] = shape as [number, number, number, number];
  const flipped = flippedKernels(graph, w, shape);
  if (groups === 1) return graph.transpose(flipped, [1, 0, 2, 3]);
  const split = graph.reshape(flipped, [groups, o / groups, i, kh, kw]);
  return graph.reshape(graph.transpose(split, [0, 2, 1, 3, 4]), [groups * i, o / groups, kh, kw]);
}

/** Zero rows and columns around the last two axes; negative ones cut. */
export function padSpace(graph: GraphBuilder, x: Value, height: number, width: number, pads: readonly number[]): Value {
  const [top, left, bottom, right] = pads as [number, number, number, number];
  let value = x;
  if (pads.some((length) => length < 0)) {
    const cut = (length: number) => Math.max(0, -length);
    value = graph.slice(value, [2, 3], [cut(top), cut(left)], [height - cut(bottom), width - cut(right)]);
  }
  const grow = (length: number) => Math.max(0, length);
  if (!pads.some((length) => length > 0)) return value;
  return graph.node('Pad', [
    value,
    graph.longs([0, 0, grow(top), grow(left), 0, 0, grow(bottom), grow(right)]),
    graph.scalar(0),
  ]);
}

function conv2dInputGrad({ graph, expr, inputs }: EmissionContext): Value {
  const { strides, padding, dilations, groups } = convAttributes(expr);
  const [g, w] = inputs as [Value, Value];
  const [, , gHeight, gWidth] = expr.inputs[0]!.shape as [number, number, number, number];
  const filters = expr.inputs[1]!.shape;
  const [height, width] = numbersAttr(expr.attrs, 'inputSize') as [number, number];
  const reach = [(filters[2]! - 1) * dilations[0], (filters[3]! - 1) * dilations[1]] as const;
  if (strides[0] === 1 && strides[1] === 1) {
    const pads = [reach[0] - padding[0], reach[1] - padding[1], reach[0] - padding[2], reach[1] - padding[3]];
    const cut = padSpace(
      graph,
      g,
      gHeight,
      gWidth,
      pads.map((length) => Math.min(0, length)),
    );
    const turned = adjointFilters(graph, w, filters, groups);
    const grown = pads.map((length) => Math.max(0, length));
    return graph.node('Conv', [cut, turned], { pads: grown, dilations, group: groups });
  }
  // Rows and columns of x that no window reached: they get zeros at the end.
  const rest = [
    height + padding[0] + padding[2] - reach[0] - 1 - (gHeight - 1) * strides[0],
    width + padding[1] + padding[3] - reach[1] - 1 - (gWidth - 1) * strides[1],
  ] as const;
  const whole = graph.node('ConvTranspose', [g, w], { strides, dilations, group: groups });
  const fullHeight = (gHeight - 1) * strides[0] + reach[0] + 1;
  const fullWidth = (gWidth - 1) * strides[1] + reach[1] + 1;
  const pads = [-padding[0], -padding[1], rest[0] - padding[2], rest[1] - padding[3]];
  return padSpace(graph, whole, fullHeight, fullWidth, pads);
}

export const convolution: Readonly<Record<string, Emission>> = {
  matmul,
  conv2d,
  conv2dInputGrad,
  conv2dFilterGrad,
};
