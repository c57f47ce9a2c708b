/** What an emission is: it adds the nodes of one primitive to the graph and names the value that holds its result. */
import type { Expr } from '../../../expr.ts';
import type { GraphBuilder, Value } from '../builder.ts';

export interface EmissionContext {
  readonly graph: GraphBuilder;
  readonly expr: Expr;
  /** The values of `expr.inputs`, in row-major layout. */
  readonly inputs: readonly Value[];
}

export type Emission = (context: EmissionContext) => Value;
