/**
 * A Gaussian variational autoencoder's terms (Kingma and Welling 2014), sums over an image's elements, one number a sample:
 *
 *   z = μ + e^{log σ²/2} · ε,   KL = ½ Σ ( μ² + σ² - 1 - log σ² ),   L = mean( Σ (x̂ - x)² + β · KL )
 */
import type { Expr } from '../tensor/expr.ts';
import { abs, add, exp, log, mean, mul, neg, relu, reshape, square, sub, sum } from '../tensor/ops/index.ts';

export function reparametrised(mean: Expr, logVariance: Expr, noise: Expr): Expr {
  return add(mean, mul(exp(mul(logVariance, 0.5)), noise));
}

/** To the standard normal, [N]. */
export function klToStandard(mu: Expr, logVariance: Expr): Expr {
  return mul(perSample(sub(sub(add(square(mu), exp(logVariance)), 1), logVariance)), 0.5);
}

/** Σ (x̂ - x)², [N]. */
export function squaredErrors(output: Expr, target: Expr): Expr {
  return perSample(square(sub(output, target)));
}

/** Bernoulli negative log-likelihood of logits, [N]: max(o, 0) - o·x + log(1 + e^-|o|). */
export function bernoulliErrors(logits: Expr, target: Expr): Expr {
  return perSample(add(sub(relu(logits), mul(logits, target)), log(add(exp(neg(abs(logits))), 1))));
}

export function elbo(errors: Expr, kl: Expr, beta: number): Expr {
  return mean(add(errors, mul(kl, beta)));
}

function perSample(x: Expr): Expr {
  const [count = 1] = x.shape;
  return sum(reshape(x, [count, -1]), { axes: [1] });
}
