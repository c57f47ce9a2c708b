/** What an emission is: it adds the nodes of one primitive to the graph and gives the value that holds its result. */
import type { Expr } from '../../../expr.ts';
import { type GraphBuilder, TO_NHWC, type Value } from '../builder.ts';

export interface EmissionContext {
  readonly graph: GraphBuilder;
  readonly expr: Expr;
  /** The values of `expr.inputs`, in either layout. */
  readonly inputs: readonly Value[];
}

export type Emission = (context: EmissionContext) => Value;

/** An emission that reads and writes in the plain order of axes. */
export const plainly =
  (emission: Emission): Emission =>
  (context) =>
    emission({ ...context, inputs: context.inputs.map((value) => context.graph.plain(value)) });

/** Where a logical axis lies in memory. */
export function axisIn(value: Value, axis: number): number {
  return value.layout === 'nhwc' ? TO_NHWC.indexOf(axis as 0 | 1 | 2 | 3) : axis;
}

/** A list by logical axes, in the order of memory. */
export function inOrderOf<T>(value: Value, byAxis: readonly T[]): T[] {
  return value.layout === 'nhwc' ? TO_NHWC.map((axis) => byAxis[axis] as T) : [...byAxis];
}
