/** What an emission is: it adds the nodes of one primitive to the graph and names the value that holds its result. */
import type { Attrs, Expr } from '../../../expr.ts';
import type { GraphBuilder, Value } from '../builder.ts';

export interface EmissionContext {
  readonly graph: GraphBuilder;
  readonly expr: Expr;
  /** The values of `expr.inputs`, in row-major layout. */
  readonly inputs: readonly Value[];
}

export type Emission = (context: EmissionContext) => Value;

export function numberAttr(attrs: Attrs, name: string): number {
  const value = attrs[name];
  if (typeof value !== 'number') throw new Error(`Expected the attribute ${name} to be a number, got ${value}`);
  return value;
}

export function numbersAttr(attrs: Attrs, name: string): readonly number[] {
  const value = attrs[name];
  if (!Array.isArray(value)) throw new Error(`Expected the attribute ${name} to be a list of numbers, got ${value}`);
  return value;
}

export function flagAttr(attrs: Attrs, name: string): boolean {
  return attrs[name] === true;
}
