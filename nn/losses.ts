/** Losses as graph builders. Each is a mean over the batch, as PyTorch's defaults. */
import type { Expr } from '../tensor/expr.ts';
import {
  abs,
  add,
  argMax,
  cast,
  div,
  eq,
  exp,
  log,
  logSoftmax,
  mean,
  mul,
  neg,
  oneHot,
  relu,
  select,
  sqrt,
  square,
  sub,
  sum,
} from '../tensor/ops/index.ts';

/** Rows of class probabilities: soft labels as they are, class indices as one-hot rows. */
export function labelRows(labels: Expr, classes: number): Expr {
  return labels.dtype === 'int' ? oneHot(labels, classes) : labels;
}

/** -1/N Σᵢ Σ_c y_ic log p_ic. `labels` are class indices [N] or rows of probabilities [N, classes]. */
export function crossEntropy(logits: Expr, labels: Expr): Expr {
  const [count = 1, classes = 1] = logits.shape;
  return neg(div(sum(mul(labelRows(labels, classes), logSoftmax(logits, -1))), count));
}

/** T² · 1/N Σ KL(softmax(teacher/T) ‖ softmax(student/T)) (Hinton et al. 2015). `squared: false` leaves T² out. */
export function distillationLoss(
  student: Expr,
  teacher: Expr,
  temperature: number,
  { squared = true }: { squared?: boolean } = {},
): Expr {
  const target = logSoftmax(mul(teacher, 1 / temperature), -1);
  const divergence = klDivergence(logSoftmax(mul(student, 1 / temperature), -1), target);
  return squared ? mul(divergence, temperature ** 2) : divergence;
}

/** 1/N Σ p (log p - log q) over rows, from log-probabilities: `logQ` the model's, `logP` the target's. */
export function klDivergence(logQ: Expr, logP: Expr): Expr {
  const [count = 1] = logQ.shape;
  return div(sum(mul(exp(logP), sub(logP, logQ))), count);
}

/** Mean of squared differences over all elements. */
export function meanSquaredError(a: Expr, b: Expr): Expr {
  return mean(square(sub(a, b)));
}

/** Binary cross-entropy of logits, mean over all elements: max(x, 0) - x·y + log(1 + e^-|x|). */
export function binaryCrossEntropy(logits: Expr, targets: Expr): Expr {
  const softplus = log(add(exp(neg(abs(logits))), 1));
  return mean(add(sub(relu(logits), mul(logits, targets)), softplus));
}

/** Share of rows whose largest logit is at the label: the index, or the largest of a soft label's row. */
export function agreement(logits: Expr, labels: Expr): Expr {
  const wanted = labels.dtype === 'int' ? labels : argMax(labels, -1);
  return mean(cast(eq(argMax(logits, -1), wanted), 'float'));
}

/** √Σx² over `axes`, with derivative 0 where it is 0. */
export function euclidean(x: Expr, options: { axes?: readonly number[] } = {}): Expr {
  const squares = sum(square(x), options);
  const none = eq(squares, 0);
  return select(none, 0, sqrt(select(none, 1, squares)));
}
