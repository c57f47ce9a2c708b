/** What a rule of simplification is given, and what it gives: something simpler, or undefined where nothing is. */
import type { Expr } from '../expr.ts';

export interface Context {
  readonly expr: Expr;
  readonly inputs: readonly Expr[];
  /** Makes a node that stands in for `expr`: it is simplified and merged in its turn. */
  build(op: string, inputs: readonly Expr[], attrs?: Expr['attrs']): Expr;
}

export type Rule = (context: Context) => Expr | undefined;

export function sameShape(a: Expr, b: Expr): boolean {
  return a.dtype === b.dtype && a.shape.join() === b.shape.join();
}
