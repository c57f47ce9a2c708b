/**
 * G-VBSM's statistics (Shao et al., CVPR 2024, "Generalized Large-Scale Data Condensation via Various Backbone and
 * Statistical Matching", arXiv 2311.17950): SRe2L's idea at every convolution and batch norm. Of a layer's input
 * h [B, C, H, W] (section 3.2):
 *
 *   channel statistics   mean and biased variance over (B, H, W): [C]
 *   patch statistics     h resized so that its sides are multiples of p, cut into p × p cells; mean and biased variance
 *                        of each cell over (B, C, p, p): [cells], row-major
 *
 * Each statistic q has a moving average q̄, carried over batches, that stands for it in the loss, while the gradient
 * passes through the current batch alone (after score distillation):
 *
 *   q̄ ← α·q̄ + (1 - α)·q        R = ‖q* - (q̄ + q - stopgrad(q))‖₂
 *
 * There is no operation that stops a gradient, and none is needed: ∂R/∂q = (q̄ - q*)/R is an expression of the new q̄, and
 * the images' gradient is its pullback through q. So `matchStatistics` gives cotangents, and `recoverGradient` pulls all
 * of them back in one pass. q̄ starts at 0 and is not corrected for it: after n calls it lacks the share αⁿ.
 */
import { euclidean } from '../nn/losses.ts';
import type { Expr } from '../tensor/expr.ts';
import { vjp } from '../tensor/gradient.ts';
import {
  add,
  div,
  eq,
  mean,
  mul,
  reshape,
  resizeBilinear,
  select,
  sub,
  transpose,
  variance,
} from '../tensor/ops/index.ts';

/** Statistics of a layer by name. A batch norm has `mean` and `variance`, a convolution all of `CONVOLUTION`. */
export type Statistics = Readonly<Record<string, Expr>>;

export const BATCH_NORM_STATISTICS = ['mean', 'variance'] as const;
export const CONVOLUTION_STATISTICS = ['channelMean', 'channelVariance', 'patchMean', 'patchVariance'] as const;

export function batchNormStatistics(h: Expr): Statistics {
  const axes = [0, 2, 3];
  return { mean: mean(h, { axes }), variance: variance(h, { axes }) };
}

/** `patch` is p: 4 for CIFAR and Tiny-ImageNet, 16 for ImageNet. */
export function convolutionStatistics(h: Expr, patch: number): Statistics {
  const channels = batchNormStatistics(h);
  const cells = patchesOf(h, patch); // [cells, B·C·p·p]
  return {
    channelMean: channels.mean as Expr,
    channelVariance: channels.variance as Expr,
    patchMean: mean(cells, { axes: [1] }),
    patchVariance: variance(cells, { axes: [1] }),
  };
}

/** [B, C, H, W] → [cells, B·C·p·p], cells in rows. */
function patchesOf(h: Expr, patch: number): Expr {
  const [count = 0, channels = 0, height = 0, width = 0] = h.shape;
  const [down, across] = [Math.ceil(height / patch), Math.ceil(width / patch)];
  const resized = resizeBilinear(h, [down * patch, across * patch]);
  const apart = reshape(resized, [count, channels, down, patch, across, patch]);
  return reshape(transpose(apart, [2, 4, 0, 1, 3, 5]), [down * across, count * channels * patch * patch]);
}

export interface Matched {
  /** R, the sum over the layer's statistics. */
  readonly distance: Expr;
  /** q̄ after this batch. */
  readonly averages: Statistics;
  /** ∂R/∂q of each statistic, to be pulled back. */
  readonly cotangents: Statistics;
}

/** `averages` are q̄ before this batch, `targets` q* of the real data, `momentum` α. */
export function matchStatistics(
  statistics: Statistics,
  averages: Statistics,
  targets: Statistics,
  momentum: number,
): Matched {
  const [moved, cotangents, distances]: [Record<string, Expr>, Record<string, Expr>, Expr[]] = [{}, {}, []];
  for (const [name, q] of Object.entries(statistics)) {
    const [before, target] = [averages[name], targets[name]];
    if (!before || !target) throw new Error(`No average or target of the statistic ${name}`);
    const average = add(mul(before, momentum), mul(q, 1 - momentum));
    const difference = sub(average, target);
    const distance = euclidean(difference);
    const atTarget = eq(distance, 0);
    moved[name] = average;
    cotangents[name] = select(atTarget, 0, div(difference, select(atTarget, 1, distance)));
    distances.push(distance);
  }
  return { distance: distances.reduce((total, part) => add(total, part)), averages: moved, cotangents };
}

/** A layer of a network with what came of it, and its weight r · m_l in the loss. */
export interface WeightedLayer {
  readonly statistics: Statistics;
  readonly matched: Matched;
  readonly weight: number;
}

/** ∇_x of loss + Σ_l weight_l · R_l, where `loss` (cross-entropy, data densification) is differentiated as it is. */
export function recoverGradient(loss: Expr | undefined, layers: readonly WeightedLayer[], images: Expr): Expr {
  const [outputs, seeds]: [Expr[], Expr[]] = [[], []];
  if (loss) {
    outputs.push(loss);
    seeds.push(add(mul(loss, 0), 1));
  }
  for (const { statistics, matched, weight } of layers) {
    for (const [name, q] of Object.entries(statistics)) {
      outputs.push(q);
      seeds.push(mul(matched.cotangents[name] as Expr, weight));
    }
  }
  const [gradient] = vjp(outputs, seeds, [images]);
  if (!gradient) throw new Error('The loss does not depend on the images');
  return gradient;
}

/** Targets of convolutions: Σ over real batches of statistic · (batch size / N), so a mean of the batches' variances. */
export function accumulated(targets: Statistics, statistics: Statistics, share: Expr | number): Statistics {
  return Object.fromEntries(
    Object.entries(statistics).map(([name, q]) => [name, add(targets[name] as Expr, mul(q, share))]),
  );
}
