/**
 * LoRS (Xu, Lin, Qiu, Lu and Li, ICML 2024, "Low-Rank Similarity Mining for Multimodal Dataset Distillation", arXiv
 * 2406.03793): the similarity of N image-text pairs is learned with them instead of being the identity,
 *
 *   S = diag(ω) + (α/r) · L Rᵀ,   S_B = S[B, B]
 *
 * and is the soft target s of the inner loss on scaled cosines z (rows are images, columns texts). Entries of S are not
 * bounded. The gradient of the two towers' trajectories is TESLA's (`tesla.ts`), over images, texts, ω, L and R.
 */
import type { Expr } from '../tensor/expr.ts';
import {
  add,
  cast,
  div,
  exp,
  gt,
  iota,
  log,
  logSoftmax,
  matmul,
  max,
  mean,
  mul,
  neg,
  not,
  oneHot,
  sigmoid,
  square,
  sub,
  sum,
  transpose,
} from '../tensor/ops/index.ts';

/** S of ω [n], L and R [n, r]: of all pairs, or of those rows that a batch took. */
export function lowRankSimilarity(omega: Expr, left: Expr, right: Expr, alpha: number): Expr {
  const [count = 0, rank = 1] = left.shape;
  const diagonal = mul(oneHot(iota(count), count), omega);
  return add(diagonal, mul(matmul(left, right, { transB: true }), alpha / rank));
}

export type SoftLoss = 'NCE' | 'BCE' | 'WBCE' | 'CWCL' | 'KL' | 'MSE';
export const SOFT_LOSSES: readonly SoftLoss[] = ['NCE', 'BCE', 'WBCE', 'CWCL', 'KL', 'MSE'];

export interface SoftLossSettings {
  /** Entries above it are positives of wBCE. */
  readonly threshold: number;
  readonly epsilon: number;
  /** By which similarities are multiplied before their softmax. */
  readonly klScale: number;
}

export const SOFT_LOSS_SETTINGS: SoftLossSettings = { threshold: 0.5, epsilon: 1e-6, klScale: 10 };

/** PyTorch's binary cross-entropy clamps its logarithms there. */
const LOWEST_LOG = -100;

/** The loss of logits z and similarity s, both [b, b]. */
export function softLoss(name: SoftLoss, z: Expr, s: Expr, settings: SoftLossSettings = SOFT_LOSS_SETTINGS): Expr {
  const { threshold, epsilon, klScale } = settings;
  const bothWays = (side: (z: Expr, s: Expr) => Expr) => mul(add(side(z, s), side(transpose(z), transpose(s))), 0.5);
  const [count = 1] = z.shape;
  switch (name) {
    case 'NCE': // rows of S are not normalised
      return bothWays((x, y) => mul(sum(mul(y, logSoftmax(x, 1))), -1 / count));
    case 'BCE':
      return mean(bernoulli(s, max(log(sigmoid(z)), LOWEST_LOG), max(log(sigmoid(neg(z))), LOWEST_LOG)));
    case 'WBCE': {
      const [p, q] = [sigmoid(z), sigmoid(neg(z))];
      const entries = bernoulli(s, log(add(p, epsilon)), log(add(q, epsilon)));
      const isPositive = gt(s, threshold);
      const meanOver = (members: Expr) => div(sum(mul(entries, members)), add(sum(members), epsilon));
      return mul(add(meanOver(cast(isPositive, 'float')), meanOver(cast(not(isPositive), 'float'))), 0.5);
    }
    case 'CWCL': // each row over its sum
      return bothWays((x, y) => {
        const totals = add(sum(y, { axes: [1], keepDims: true }), epsilon);
        return mul(sum(mul(div(y, totals), logSoftmax(x, 1))), -1 / count);
      });
    case 'KL': // the mean over all entries, not over rows
      return bothWays((x, y) => {
        const target = logSoftmax(mul(y, klScale), 1);
        return mean(mul(exp(target), sub(target, logSoftmax(x, 1))));
      });
    case 'MSE':
      return mean(square(sub(sigmoid(z), s)));
  }
}

/** -s log p - (1 - s) log q for each entry. */
function bernoulli(s: Expr, logP: Expr, logQ: Expr): Expr {
  return neg(add(mul(s, logP), mul(sub(1, s), logQ)));
}

/** |P|: how many entries wBCE takes as positives. */
export function positives(s: Expr, { threshold }: SoftLossSettings = SOFT_LOSS_SETTINGS): Expr {
  return sum(cast(gt(s, threshold), 'int'));
}
