/** Graphs with some of their nodes exchanged; what does not change stays the same node. */
import { type Expr, makeExpr } from '../../tensor/expr.ts';
import { inTopologicalOrder } from '../../tensor/topological.ts';

/** `roots` with every key of `values` replaced by its value, which is taken as it is. */
export function substituted(roots: readonly Expr[], values: ReadonlyMap<Expr, Expr>): Expr[] {
  return rewritten(roots, (node, before) => values.get(before) ?? node);
}

/** `roots` rebuilt from their inputs on: `rule` gets a node with its inputs as they have become, and what it was before. */
export function rewritten(roots: readonly Expr[], rule: (node: Expr, before: Expr) => Expr): Expr[] {
  const renewed = new Map<Expr, Expr>();
  for (const before of inTopologicalOrder(roots)) {
    const inputs = before.inputs.map((from) => renewed.get(from) as Expr);
    const same = inputs.every((from, index) => from === before.inputs[index]);
    renewed.set(before, rule(same ? before : withInputs(before, inputs), before));
  }
  return roots.map((root) => renewed.get(root) as Expr);
}

function withInputs({ op, attrs, shape, dtype, origin }: Expr, inputs: readonly Expr[]): Expr {
  return makeExpr({ op, attrs, shape, dtype, inputs, ...(origin === undefined ? {} : { origin }) });
}
