/** Graphs with some of their nodes exchanged. */
import type { Expr } from '../../tensor/expr.ts';
import { rewritten } from '../../tensor/rewritten.ts';

/** `roots` with every key of `values` replaced by its value, which is taken as it is. */
export function substituted(roots: readonly Expr[], values: ReadonlyMap<Expr, Expr>): Expr[] {
  return rewritten(roots, (node, before) => values.get(before) ?? node);
}
