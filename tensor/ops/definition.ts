/**
 * What an operation is: a shape rule, a derivative rule written in the operations themselves (so that derivatives have
 * derivatives), and its meaning in float64. The names are those of `tensor/OPS.md`.
 */
import type { Attrs, Expr } from '../expr.ts';
import type { DType, Shape, Tensor } from '../tensor.ts';

export interface Signature {
  readonly shape: Shape;
  readonly dtype: DType;
}

export interface OpDefinition {
  /** How many inputs it takes. */
  readonly arity: number | 'any';
  /** Throws `Rejection` where inputs or attributes do not fit. */
  infer(inputs: readonly Expr[], attrs: Attrs): Signature;
  /**
   * The cotangent of input `index` from that of the node; undefined where nothing flows. Called for float inputs of a
   * float result only. Absent: asking for a derivative is an error.
   */
  derivative?(node: Expr, cotangent: Expr, index: number): Expr | undefined;
  evaluate(inputs: readonly Tensor[], attrs: Attrs, out: Signature): Tensor;
}

export type OpFamily = Readonly<Record<string, OpDefinition>>;

/** Why an operation does not take its inputs; `apply` adds the operation, the shapes and the place. */
export class Rejection extends Error {}

export function reject(message: string): never {
  throw new Rejection(message);
}

/** Input `index`, which `arity` promises. */
export function at<T>(values: readonly T[], index: number): T {
  const value = values[index];
  if (value === undefined) throw new Error(`Internal error: expected ${index + 1} values, got ${values.length}`);
  return value;
}

export function requireFloat(inputs: readonly Expr[]): void {
  for (const { dtype } of inputs) if (dtype !== 'float') reject(`it takes float, got ${dtype}`);
}

/** The one dtype of all inputs, of those allowed. */
export function commonDType(inputs: readonly Expr[], allowed: readonly DType[]): DType {
  const { dtype } = at(inputs, 0);
  if (inputs.some((other) => other.dtype !== dtype)) reject('the dtypes differ; cast first');
  if (!allowed.includes(dtype)) reject(`it takes ${allowed.join(' or ')}, got ${dtype}`);
  return dtype;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** NumPy's rule: aligned at the last axis, 1 stretches. */
export function broadcastShape(shapes: readonly Shape[]): Shape {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (const [index, length] of shape.entries()) {
      const axis = rank - shape.length + index;
      if (length === 1) continue;
      if (result[axis] !== 1 && result[axis] !== length) reject('the shapes do not broadcast');
      result[axis] = length;
    }
  }
  return result;
}
