/**
 * DiM's losses (Wang et al., 2023, "DiM: Distilling Dataset into Generative Model", arXiv 2303.04707): a generator's images
 * x̃ are matched to real ones x of the same class, pair by pair, under a classifier drawn from a pool; and the critic's
 * gradient penalty (Gulrajani et al. 2017).
 *
 *   logits     L = 0.01 · mean_{b,c} ( log p(c|x_b) - log p(c|x̃_b) )²
 *   gradients  L = 0.001 · Σ over weights with three axes or more of a distance of the gradients of CE on x and on x̃
 *   penalty    10 · mean_b ( ‖∇ D(x̂_b)‖₂ - 1 )²,  x̂ = α·x + (1 - α)·x̃
 */
import { euclidean } from '../nn/losses.ts';
import type { Expr } from '../tensor/expr.ts';
import { gradient } from '../tensor/gradient.ts';
import { abs, add, div, logSoftmax, mean, mul, reshape, square, sub, sum } from '../tensor/ops/index.ts';

export function logitMatching(real: Expr, synthetic: Expr): Expr {
  return mul(mean(square(sub(logSoftmax(real, -1), logSoftmax(synthetic, -1)))), 0.01);
}

/** `mse` and `l1` are sums, `l1_mean` means over all but the first axis, `cos` 1 - cosine by output unit. */
export type GradientMetric = 'mse' | 'l1' | 'l1_mean' | 'cos';
export const GRADIENT_METRICS: readonly GradientMetric[] = ['mse', 'l1', 'l1_mean', 'cos'];

/** From the gradients of all parameters, in the same order on both sides. */
export function gradientMatching(real: readonly Expr[], synthetic: readonly Expr[], metric: GradientMetric): Expr {
  const parts = real.flatMap((a, index) =>
    a.shape.length >= 3 ? [distance(a, synthetic[index] as Expr, metric)] : [],
  );
  return mul(
    parts.reduce((total, part) => add(total, part)),
    0.001,
  );
}

function distance(a: Expr, b: Expr, metric: GradientMetric): Expr {
  const [first = 1] = a.shape;
  const rows = (x: Expr) => reshape(x, [first, -1]);
  switch (metric) {
    case 'mse':
      return sum(square(sub(a, b)));
    case 'l1':
      return sum(abs(sub(a, b)));
    case 'l1_mean':
      return sum(mean(abs(sub(rows(a), rows(b))), { axes: [1] }));
    case 'cos': {
      const norms = mul(euclidean(rows(a), { axes: [1] }), euclidean(rows(b), { axes: [1] }));
      return sum(sub(1, div(sum(mul(rows(a), rows(b)), { axes: [1] }), add(norms, 1e-6))));
    }
  }
}

/** x̂: one weight an image, of the real one. */
export function interpolated(real: Expr, synthetic: Expr, weight: Expr): Expr {
  const share = reshape(weight, [-1, 1, 1, 1]);
  return add(mul(real, share), mul(synthetic, sub(1, share)));
}

/** `critic` gives a score an image, [N]. */
export function gradientPenalty(critic: (images: Expr) => Expr, images: Expr): Expr {
  const [count = 1] = images.shape;
  const [slope] = gradient(sum(critic(images)), [images]) as [Expr];
  return mul(mean(square(sub(euclidean(reshape(slope, [count, -1]), { axes: [1] }), 1))), 10);
}
