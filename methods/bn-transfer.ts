/**
 * Trajectory matching with the statistics of batch norms: L = w_param · L_MTT + r_bn · L_BN. The statistics are rebuilt
 * from an expert's parameters φ by forward passes over real images, since trajectories keep parameters only; what enters
 * the batch norms from the synthetic images S is held against them, in the form that SRe2L has:
 *
 *   L_BN(S; φ) = Σ_l ω_l ( ‖σ²_l(S) - v̂_l‖₂ + ‖μ_l(S) - m̂_l‖₂ )
 *
 * σ²_l(S) is biased, v̂_l comes from unbiased variances of batches; φ is in eval mode with (m̂, v̂).
 */
import type { BatchStatistics } from '../nn/layers.ts';
import type { Network } from '../nn/network.ts';
import type { Expr } from '../tensor/expr.ts';
import { add, mean, mul, square, sub } from '../tensor/ops/index.ts';
import { batchNormDistances } from './sre2l.ts';

type Values = Readonly<Record<string, Expr>>;

/** Running statistics after one pass in train mode without an update; `values` hold those before it (momentum 0.1). */
export function movedStatistics(network: Network, values: Values, images: Expr): Values {
  return network.apply(images, values, 'train').buffers;
}

/** A batch's mean and unbiased variance at each norm, by the buffers' names: averaged over batches they are (m̂, v̂). */
export function batchStatistics(network: Network, values: Values, images: Expr): Values {
  const pass = network.apply(images, values, 'train');
  return Object.fromEntries(
    Object.entries(pass.statistics).flatMap(([name, { mean: mu, variance }]) => {
      const [count = 0, , height = 0, width = 0] = (pass.inputs[name] as Expr).shape;
      const samples = count * height * width;
      return [
        [`${name}.running_mean`, mu],
        [`${name}.running_var`, mul(variance, samples / Math.max(1, samples - 1))],
      ];
    }),
  );
}

export interface StatisticsLoss {
  readonly loss: Expr;
  /** The terms of the norms without ω, in their order. */
  readonly layers: readonly Expr[];
}

/** L_BN; with `squaredMean` each norm is the mean of squares instead. ω_1 is `firstLayer`, the others are 1. */
export function statisticsLoss(
  network: Network,
  values: Values,
  images: Expr,
  { firstLayer = 1, squaredMean = false }: { firstLayer?: number; squaredMean?: boolean } = {},
): StatisticsLoss {
  const { statistics } = network.apply(images, values, 'eval');
  const layers = squaredMean ? squaredMeans(statistics, values) : batchNormDistances(statistics, values);
  const weighted = layers.map((layer, index) => (index === 0 ? mul(layer, firstLayer) : layer));
  return { loss: weighted.reduce((total, layer) => add(total, layer)), layers };
}

function squaredMeans(statistics: Readonly<Record<string, BatchStatistics>>, running: Values): readonly Expr[] {
  return Object.entries(statistics).map(([name, { mean: mu, variance }]) => {
    const target = (buffer: string) => running[`${name}.${buffer}`] as Expr;
    return add(mean(square(sub(target('running_var'), variance))), mean(square(sub(target('running_mean'), mu))));
  });
}
