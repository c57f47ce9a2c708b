/**
 * Tensors without elements, which native engines take badly: an expression whose value is known because it is empty, or
 * because it is made from nothing (a sum over no elements, padding around nothing), is a constant.
 */
import type { Expr } from '../expr.ts';
import { numberAttr } from '../ops/attrs.ts';
import { type DType, type Shape, sizeOf, type Tensor } from '../tensor.ts';

const ZERO_OVER_NOTHING = new Set([
  'sum',
  'matmul',
  'conv2d',
  'conv2dInputGrad',
  'conv2dFilterGrad',
  'scatterAdd',
  'putAlong',
]);

/** Undefined where the engine has to compute. */
export function valueOfNothing(expr: Expr): Tensor | undefined {
  if (expr.shape.includes(0)) return filled(expr.dtype, expr.shape, 0);
  if (expr.op === 'concat' || !expr.inputs.some((from) => from.shape.includes(0))) return undefined;
  if (expr.op === 'pad') return filled(expr.dtype, expr.shape, numberAttr(expr.attrs, 'value'));
  if (ZERO_OVER_NOTHING.has(expr.op)) return filled(expr.dtype, expr.shape, 0);
  throw new Error(
    `The operation ${expr.op} has no value over nothing: inputs ${expr.inputs.map((x) => `[${x.shape}]`)}`,
  );
}

function filled(dtype: DType, shape: Shape, value: number): Tensor {
  const size = sizeOf(shape);
  const data =
    dtype === 'float' ? new Float32Array(size) : dtype === 'int' ? new Int32Array(size) : new Uint8Array(size);
  return { dtype, shape, data: data.fill(value) };
}
