/**
 * Matrix products, convolution and its adjoint in x: with stride 1 a convolution of g with the flipped filters, input and
 * output channels swapped; with other strides ConvTranspose. The adjoint in w has a file of its own.
 */
import { flagAttr, numbersAttr } from '../../../ops/attrs.ts';
import { contrib, type GraphBuilder, type Value } from '../builder.ts';
import { convAttributes } from './convolution-attributes.ts';
import { convolve } from './convolve.ts';
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
  const [images, filters] = inputs as [Value, Value];
  const { shape: filterShape } = expr.inputs[1]!;
  return convolve(graph, { images, filters, filterShape, attributes: convAttributes(expr), shape: expr.shape });
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
    const grown = pads.map((length) => Math.max(0, length)) as [number, number, number, number];
    const attributes = { strides, padding: grown, dilations, groups };
    const { shape } = expr;
    return convolve(graph, { images: cut, filters: w, filterShape: filters, turned: true, attributes, shape });
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
