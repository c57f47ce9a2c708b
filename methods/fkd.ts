/**
 * Soft labels stored short (FKD: Shen and Xing, ECCV 2022, "A Fast Knowledge Distillation Framework for Visual
 * Recognition"): of a teacher's probabilities p over C classes only some are kept, the others are rebuilt.
 *
 *   full                 p                          as it is
 *   hard                 argmax p                   one-hot
 *   smoothing            argmax p, p₁               p₁ there, (1 - p₁)/(C - 1) elsewhere
 *   marginal smoothing   the K largest, descending  p there, (1 - Σp)/(C - K) elsewhere
 *   marginal renorm      the same                   p/Σp there, 0 elsewhere
 */
import type { Expr } from '../tensor/expr.ts';
import {
  add,
  cast,
  div,
  eq,
  expandDims,
  iota,
  mul,
  oneHot,
  reduceMax,
  sub,
  sum,
  takeAlong,
  topKIndices,
} from '../tensor/ops/index.ts';

export type LabelForm = 'hard' | 'smoothing' | 'marginal-smoothing' | 'marginal-renorm';

export interface ShortLabels {
  /** Classes, int [N, K]. */
  readonly indices: Expr;
  /** [N, K], descending. */
  readonly probabilities: Expr;
}

/** What is kept of probabilities [N, C]: the K largest of each row. */
export function shortened(probabilities: Expr, count: number): ShortLabels {
  const indices = topKIndices(probabilities, count, -1);
  return { indices, probabilities: takeAlong(probabilities, indices, -1) };
}

/** Labels over all classes, [N, C]. Forms of one class (hard, smoothing) have K = 1. */
export function rebuilt({ indices, probabilities }: ShortLabels, form: LabelForm, classes: number): Expr {
  const [, kept = 1] = indices.shape;
  const rows = oneHot(indices, classes); // [N, K, C]
  switch (form) {
    case 'hard':
      return sum(rows, { axes: [1] });
    case 'smoothing':
    case 'marginal-smoothing': {
      const total = sum(probabilities, { axes: [1], keepDims: true });
      const rest = kept < classes ? mul(sub(1, total), 1 / (classes - kept)) : mul(total, 0);
      return add(spread(rows, probabilities), mul(elsewhere(indices, classes), rest));
    }
    case 'marginal-renorm':
      return spread(rows, div(probabilities, sum(probabilities, { axes: [1], keepDims: true })));
  }
}

/** Probabilities at their classes, 0 elsewhere. */
function spread(rows: Expr, probabilities: Expr): Expr {
  return sum(mul(rows, expandDims(probabilities, -1)), { axes: [1] });
}

/** [N, C]: 1 where no class is kept. */
function elsewhere(indices: Expr, classes: number): Expr {
  const there = cast(eq(expandDims(indices, -1), iota(classes)), 'float');
  return sub(1, reduceMax(there, { axes: [1] }));
}
