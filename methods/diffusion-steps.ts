/**
 * Steps of Gaussian diffusion as expressions: noising, the prediction of x_0, ancestral sampling (DDPM, Ho et al. 2020) and
 * DDIM (Song et al. 2021). Every sample has its own timestep; what the tables say of it comes in as [N] tensors, computed
 * in float64 (`coefficientsAt`), so that one program serves all timesteps.
 */
import type { Expr } from '../tensor/expr.ts';
import { add, clip, div, exp, mean, mul, reshape, sqrt, square, sub } from '../tensor/ops/index.ts';
import { floats, type Tensor } from '../tensor/tensor.ts';
import type { DiffusionTables } from './diffusion.ts';

/** Of each sample's timestep, by name; [N]. */
export interface Coefficients<T> {
  readonly alphaBar: T;
  readonly alphaBarBefore: T;
  readonly posteriorMean1: T;
  readonly posteriorMean2: T;
  readonly posteriorVariance: T;
  readonly posteriorLogVariance: T;
  /** Of the large fixed variance, β_t (β̃_1 at t = 0). */
  readonly largeLogVariance: T;
  /** 0 at t = 0, where no noise is added, else 1. */
  readonly noisy: T;
}

export const COEFFICIENTS = [
  'alphaBar',
  'alphaBarBefore',
  'posteriorMean1',
  'posteriorMean2',
  'posteriorVariance',
  'posteriorLogVariance',
  'largeLogVariance',
  'noisy',
] as const satisfies readonly (keyof Coefficients<unknown>)[];

export function coefficientsAt(tables: DiffusionTables, timesteps: ArrayLike<number>): Coefficients<Tensor> {
  const column = (value: (t: number) => number) => floats(Float64Array.from(timesteps, value));
  const at = (table: Float64Array) => column((t) => table[t] as number);
  const { posteriorVariance, betas } = tables;
  return {
    alphaBar: at(tables.alphasCumprod),
    alphaBarBefore: at(tables.alphasCumprodBefore),
    posteriorMean1: at(tables.posteriorMean1),
    posteriorMean2: at(tables.posteriorMean2),
    posteriorVariance: at(posteriorVariance),
    posteriorLogVariance: at(tables.posteriorLogVariance),
    largeLogVariance: column((t) => Math.log((t === 0 ? posteriorVariance[1] : betas[t]) as number)),
    noisy: column((t) => (t === 0 ? 0 : 1)),
  };
}

type At = Coefficients<Expr>;

/** [N] → something that broadcasts over x. */
function over(x: Expr, coefficient: Expr): Expr {
  return reshape(coefficient, [-1, ...x.shape.slice(1).map(() => 1)]);
}

/** x_t = √ᾱ_t x_0 + √(1 - ᾱ_t) ε */
export function noised(x0: Expr, noise: Expr, { alphaBar }: At): Expr {
  return add(mul(x0, over(x0, sqrt(alphaBar))), mul(noise, over(x0, sqrt(sub(1, alphaBar)))));
}

/** x̂_0 = (x_t - √(1 - ᾱ_t) ε̂) / √ᾱ_t, within [-1, 1] where `clipped`. */
export function predictedStart(x: Expr, epsilon: Expr, { alphaBar }: At, clipped = false): Expr {
  const start = div(sub(x, mul(epsilon, over(x, sqrt(sub(1, alphaBar))))), over(x, sqrt(alphaBar)));
  return clipped ? clip(start, -1, 1) : start;
}

/** c₁ x_0 + c₂ x_t */
export function posteriorMean(x0: Expr, x: Expr, { posteriorMean1, posteriorMean2 }: At): Expr {
  return add(mul(x0, over(x, posteriorMean1)), mul(x, over(x, posteriorMean2)));
}

/** x_{t-1} by the posterior of x̂_0 and x_t, with the small (β̃) or the large (β) variance. */
export function ancestralStep(
  x: Expr,
  epsilon: Expr,
  noise: Expr,
  at: At,
  { variance, clipped = false }: { variance: 'small' | 'large'; clipped?: boolean },
): Expr {
  const mean = posteriorMean(predictedStart(x, epsilon, at, clipped), x, at);
  const logVariance = variance === 'small' ? at.posteriorLogVariance : at.largeLogVariance;
  return add(mean, mul(noise, over(x, mul(exp(mul(logVariance, 0.5)), at.noisy))));
}

/** x_{t'} = √ᾱ' x̂_0 + √(1 - ᾱ' - σ²) ε̂ + σ ξ, where ε̂ is derived anew from a clipped x̂_0; η = 0 is deterministic. */
export function ddimStep(
  x: Expr,
  epsilon: Expr,
  noise: Expr,
  at: At,
  { eta, clipped = false }: { eta: number; clipped?: boolean },
): Expr {
  const { alphaBar, alphaBarBefore, noisy } = at;
  const start = predictedStart(x, epsilon, at, clipped);
  const again = div(sub(x, mul(start, over(x, sqrt(alphaBar)))), over(x, sqrt(sub(1, alphaBar))));
  // σ = η √((1 - ᾱ')/(1 - ᾱ)) √(1 - ᾱ/ᾱ')
  const variance = mul(div(sub(1, alphaBarBefore), sub(1, alphaBar)), sub(1, div(alphaBar, alphaBarBefore)));
  const sigma = mul(sqrt(variance), eta);
  const towards = sqrt(sub(sub(1, alphaBarBefore), square(sigma)));
  const mean = add(mul(start, over(x, sqrt(alphaBarBefore))), mul(again, over(x, towards)));
  return eta === 0 ? mean : add(mean, mul(noise, over(x, mul(sigma, noisy))));
}

/** ε̂ = ε_∅ + g (ε_y - ε_∅); papers that write (1 + w) have g = 1 + w. */
export function guided(unconditional: Expr, conditional: Expr, guidance: number): Expr {
  return add(unconditional, mul(sub(conditional, unconditional), guidance));
}

/** mean (ε - ε̂)² of each sample, [N]. */
export function noiseErrors(noise: Expr, epsilon: Expr): Expr {
  const [count = 1] = noise.shape;
  return mean(reshape(square(sub(noise, epsilon)), [count, -1]), { axes: [1] });
}
