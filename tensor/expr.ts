/**
 * The symbolic graph. An `Expr` is one operation applied to other expressions: pure data with a static shape.
 * Methods and networks build expressions; `compile` turns them into programs; nothing here computes.
 */
import type { DType, Shape, Tensor } from './tensor.ts';

export type Attr = number | string | boolean | readonly number[];
export type Attrs = Readonly<Record<string, Attr>>;

export interface Expr {
  readonly id: number;
  /** A name of the op table (`ops/table.ts`), or `input` / `constant`. */
  readonly op: string;
  readonly inputs: readonly Expr[];
  readonly attrs: Attrs;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Only of a `constant`. */
  readonly value?: Tensor;
  /** Where a method built it: `methods/dm.ts:41`, for error messages. */
  readonly origin?: string;
}

let nextId = 0;

/** Makes a node as it is; ops go through `apply` of `ops/table.ts`, which checks and infers. */
export function makeExpr(fields: Omit<Expr, 'id'>): Expr {
  return Object.freeze({ id: nextId++, ...fields });
}

/** The same operation over other inputs, which must be as those were; itself where they are those. */
export function withInputs(expr: Expr, inputs: readonly Expr[]): Expr {
  if (inputs.every((from, index) => from === expr.inputs[index])) return expr;
  const { op, attrs, shape, dtype, origin } = expr;
  return makeExpr({ op, inputs, attrs, shape, dtype, ...(origin === undefined ? {} : { origin }) });
}

/** A value fed at every run, known by its name. */
export function input(name: string, shape: Shape, dtype: DType = 'float'): Expr {
  return makeExpr({ op: 'input', inputs: [], attrs: { name }, shape: [...shape], dtype });
}

/** A value fixed when the graph is built. */
export function constant(value: Tensor | number): Expr {
  const tensor: Tensor =
    typeof value === 'number' ? { dtype: 'float', shape: [], data: Float64Array.of(value) } : value;
  return makeExpr({ op: 'constant', inputs: [], attrs: {}, shape: tensor.shape, dtype: tensor.dtype, value: tensor });
}
