/**
 * Square roots that may be of zero, as Adam's of a second moment where a gradient has always been zero. The slope of a root is
 * infinite there and meets a slope of zero behind it; their product counts as zero, which leaves Adam's update of such an
 * entry the derivative that it has, 1/ε.
 */
import type { Expr } from '../../tensor/expr.ts';
import { eq, select, sqrt } from '../../tensor/ops/index.ts';
import { rewritten } from '../../tensor/rewritten.ts';

export function withRootsOfZero(exprs: readonly Expr[]): Expr[] {
  return rewritten(exprs, (node) => {
    const [x] = node.inputs;
    if (node.op !== 'sqrt' || !x) return node;
    const isZero = eq(x, 0);
    return select(isZero, 0, sqrt(select(isZero, 1, x)));
  });
}
