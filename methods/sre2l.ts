/**
 * SRe2L's recovery (Yin, Xing and Shen, NeurIPS 2023, "Squeeze, Recover and Relabel", arXiv 2306.13092): images x are
 * optimised so that a trained, frozen classifier gives them the wanted label and so that the statistics of the batch at
 * each batch norm match the running statistics, which are all that is left of the real data. On a view v = A(x):
 *
 *   L = CE(f(v), y) + r_bn · Σ_l m_l · R_l + w_tv · TV(v) + w_l2 · mean_i ‖v_i‖₂
 *   R_l = ‖σ²_run,l - σ²_l‖₂ + ‖μ_run,l - μ_l‖₂
 *
 * μ_l, σ²_l (biased) are of what enters batch norm l; norms are plain, not squared. The network is in eval mode: batch
 * statistics enter the loss alone. The loss goes back to DeepInversion (Yin et al. 2020).
 */
import type { BatchStatistics } from '../nn/layers.ts';
import { crossEntropy, euclidean } from '../nn/losses.ts';
import type { Mode, Network } from '../nn/network.ts';
import type { Expr } from '../tensor/expr.ts';
import { add, clip, div, mean, mul, reshape, slice, stack, sub } from '../tensor/ops/index.ts';

export interface RecoverWeights {
  readonly batchNorm: number;
  /** m_1, of the first batch norm in the network's order; all others have 1. */
  readonly firstLayer: number;
  readonly totalVariation: number;
  readonly l2: number;
}

/** The published runs: total variation and L2 are in the code, with weight 0. */
export const RECOVER_WEIGHTS: RecoverWeights = { batchNorm: 0.01, firstLayer: 10, totalVariation: 0, l2: 0 };

export interface RecoverLoss {
  readonly loss: Expr;
  readonly crossEntropy: Expr;
  /** Σ m_l R_l */
  readonly batchNorm: Expr;
  /** R_l, [layers], in the network's order. */
  readonly layers: Expr;
  readonly totalVariation: Expr;
  readonly l2: Expr;
  readonly logits: Expr;
}

/** `view` [N, C, H, W], `labels` [N]; `values` are the network's parameters and running statistics. */
export function recoverLoss(
  network: Network,
  values: Readonly<Record<string, Expr>>,
  view: Expr,
  labels: Expr,
  weights: RecoverWeights,
  mode: Mode = 'eval',
): RecoverLoss {
  const pass = network.apply(view, values, mode);
  return recoverTerms(pass.logits, batchNormDistances(pass.statistics, values), view, labels, weights);
}

/** The same of any classifier, from its logits of the view and the R_l of its batch norms. */
export function recoverTerms(
  logits: Expr,
  distances: readonly Expr[],
  view: Expr,
  labels: Expr,
  weights: RecoverWeights,
): RecoverLoss {
  const [first, ...others] = distances;
  if (!first) throw new Error('A network without batch norm holds no statistics to recover images from');
  const batchNorm = others.reduce((total, distance) => add(total, distance), mul(first, weights.firstLayer));
  const fit = crossEntropy(logits, labels);
  const [variation, size] = [totalVariation(view), meanNorm(view)];
  let loss = add(fit, mul(batchNorm, weights.batchNorm));
  if (weights.totalVariation !== 0) loss = add(loss, mul(variation, weights.totalVariation));
  if (weights.l2 !== 0) loss = add(loss, mul(size, weights.l2));
  return {
    loss,
    crossEntropy: fit,
    batchNorm,
    layers: stack(distances, 0),
    totalVariation: variation,
    l2: size,
    logits,
  };
}

/** R_l of every batch norm, in the network's order: what entered it in this pass against the running statistics. */
export function batchNormDistances(
  statistics: Readonly<Record<string, BatchStatistics>>,
  running: Readonly<Record<string, Expr>>,
): readonly Expr[] {
  return Object.entries(statistics).map(([name, { mean: mu, variance }]) => {
    const target = (buffer: string) => running[`${name}.${buffer}`] as Expr;
    return batchNormDistance({ mean: mu, variance }, { mean: target('running_mean'), variance: target('running_var') });
  });
}

/** R_l = ‖σ²_run,l - σ²_l‖₂ + ‖μ_run,l - μ_l‖₂ */
export function batchNormDistance(batch: BatchStatistics, running: BatchStatistics): Expr {
  return add(euclidean(sub(running.variance, batch.variance)), euclidean(sub(running.mean, batch.mean)));
}

/** TV: Frobenius norms of the whole batch's differences to the right, downwards and along both diagonals, summed. */
export function totalVariation(images: Expr): Expr {
  const [count = 0, channels = 0, height = 0, width = 0] = images.shape;
  const part = (top: number, left: number, tall: number, wide: number) =>
    slice(images, { starts: [0, 0, top, left], sizes: [count, channels, tall, wide] });
  const [h, w] = [height - 1, width - 1];
  const differences = [
    sub(part(0, 0, height, w), part(0, 1, height, w)),
    sub(part(0, 0, h, width), part(1, 0, h, width)),
    sub(part(1, 0, h, w), part(0, 1, h, w)),
    sub(part(0, 0, h, w), part(1, 1, h, w)),
  ];
  return differences.map((difference) => euclidean(difference)).reduce((total, norm) => add(total, norm));
}

/** mean_i ‖x_i‖₂ */
export function meanNorm(images: Expr): Expr {
  const [count = 1] = images.shape;
  return mean(euclidean(reshape(images, [count, -1]), { axes: [1] }));
}

/** Normalised images whose pixels are valid: channel c within [-mean_c/std_c, (1 - mean_c)/std_c]. */
export function clipToPixels(images: Expr, mean: Expr, std: Expr): Expr {
  const [low, high] = [sub(0, mean), sub(1, mean)].map((bound) => perChannel(div(bound, std)));
  return clip(images, low as Expr, high as Expr);
}

/** Pixels in [0, 1] of normalised images: clamp(x · std + mean). */
export function denormalised(images: Expr, mean: Expr, std: Expr): Expr {
  return clip(add(mul(images, perChannel(std)), perChannel(mean)), 0, 1);
}

function perChannel(values: Expr): Expr {
  return reshape(values, [1, -1, 1, 1]);
}
