/** Expressions in an order in which inputs come before what uses them, and how often each is read. */
import type { Expr } from './expr.ts';

/** Inputs first. An own stack, since graphs of unrolled training are deeper than the call stack. */
export function inTopologicalOrder(roots: readonly Expr[]): readonly Expr[] {
  const done = new Set<Expr>();
  const order: Expr[] = [];
  const stack: { expr: Expr; next: number }[] = [];
  for (const root of roots) {
    if (!done.has(root)) stack.push({ expr: root, next: 0 });
    done.add(root);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const child = top.expr.inputs[top.next++];
      if (child === undefined) {
        order.push(top.expr);
        stack.pop();
      } else if (!done.has(child)) {
        done.add(child);
        stack.push({ expr: child, next: 0 });
      }
    }
  }
  return order;
}

/** How often each of `order` is read; a result is read once more. */
export function readerCounts(order: readonly Expr[], outputs: readonly Expr[]): Map<Expr, number> {
  const counts = new Map<Expr, number>();
  for (const read of [...order.flatMap(({ inputs }) => inputs), ...outputs]) {
    counts.set(read, (counts.get(read) ?? 0) + 1);
  }
  return counts;
}
