/**
 * G-VBSM's soft labels (Shao et al., CVPR 2024, arXiv 2311.17950, section 3.3): logits of several networks as one, and the
 * student's loss on them. What is matched is raw logits, not probabilities.
 */

import { crossEntropy, euclidean, meanSquaredError } from '../nn/losses.ts';
import type { Expr } from '../tensor/expr.ts';
import { add, div, mean, mul, stack } from '../tensor/ops/index.ts';

/** Plain mean of networks' logits, each [N, classes] (CIFAR, Tiny-ImageNet). */
export function ensembleLogits(logits: readonly Expr[]): Expr {
  return mean(stack(logits, 0), { axes: [0] });
}

/** The mean after every network's table got the same Frobenius norm, the mean of their norms (ImageNet). */
export function rescaledEnsembleLogits(logits: readonly Expr[]): Expr {
  const norms = logits.map((table) => euclidean(table));
  const common = mean(stack(norms, 0));
  return ensembleLogits(logits.map((table, network) => mul(table, div(common, norms[network] as Expr))));
}

/** MSE(s, t) over batch and classes + w_ce · CE(s, y), y the hard label of the unmixed image. */
export function logitRegression(student: Expr, teacher: Expr, labels: Expr, hardWeight: number): Expr {
  return add(meanSquaredError(student, teacher), mul(crossEntropy(student, labels), hardWeight));
}
