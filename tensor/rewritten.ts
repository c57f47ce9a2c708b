/** Graphs rebuilt node by node; what does not change stays the same node. */
import { type Expr, withInputs } from './expr.ts';
import { inTopologicalOrder } from './topological.ts';

/** `roots` rebuilt from their inputs on: `rule` gets a node with its inputs as they have become, and what it was before. */
export function rewritten(roots: readonly Expr[], rule: (node: Expr, before: Expr) => Expr): Expr[] {
  const renewed = new Map<Expr, Expr>();
  for (const before of inTopologicalOrder(roots)) {
    const inputs = before.inputs.map((from) => renewed.get(from) as Expr);
    renewed.set(before, rule(withInputs(before, inputs), before));
  }
  return roots.map((root) => renewed.get(root) as Expr);
}

/** `roots` by the names of `outputs`, in the place of whose values they stand. */
export function renamed(outputs: Readonly<Record<string, Expr>>, roots: readonly Expr[]): Record<string, Expr> {
  return Object.fromEntries(Object.keys(outputs).map((name, index) => [name, roots[index] as Expr]));
}
