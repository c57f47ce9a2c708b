/**
 * Schedules of Gaussian diffusion (Ho et al. 2020; Nichol and Dhariwal 2021) and what follows from them, in float64:
 *
 *   q(x_t | x_0) = N( √ᾱ_t x_0, (1 - ᾱ_t) I ),   ᾱ_t = Π_{s≤t} (1 - β_s)
 *   q(x_{t-1} | x_t, x_0) = N( c₁ x_0 + c₂ x_t, β̃_t I )
 */
export type BetaSchedule = 'linear' | 'cosine' | 'scaled_linear';
export const BETA_SCHEDULES: readonly BetaSchedule[] = ['linear', 'cosine', 'scaled_linear'];

function spaced(from: number, to: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, index) => from + ((to - from) * index) / Math.max(1, count - 1));
}

/** β_t. Linear scales with 1000/T, so that any T ends alike; `scaled_linear` is Stable Diffusion's. */
export function betas(schedule: BetaSchedule, steps: number): Float64Array {
  switch (schedule) {
    case 'linear':
      return spaced((1000 / steps) * 1e-4, (1000 / steps) * 0.02, steps);
    case 'cosine': {
      const kept = (u: number) => Math.cos((((u + 0.008) / 1.008) * Math.PI) / 2) ** 2;
      return Float64Array.from({ length: steps }, (_, t) =>
        Math.min(1 - kept((t + 1) / steps) / kept(t / steps), 0.999),
      );
    }
    case 'scaled_linear':
      return spaced(Math.sqrt(0.00085), Math.sqrt(0.012), steps).map((root) => root ** 2);
  }
}

export interface DiffusionTables {
  readonly betas: Float64Array;
  /** ᾱ_t, and ᾱ_{t-1} with ᾱ_{-1} = 1. */
  readonly alphasCumprod: Float64Array;
  readonly alphasCumprodBefore: Float64Array;
  /** β̃_t = β_t (1 - ᾱ_{t-1}) / (1 - ᾱ_t) */
  readonly posteriorVariance: Float64Array;
  /** Its logarithm; entry 0, where it is 0, is entry 1. */
  readonly posteriorLogVariance: Float64Array;
  /** c₁ = β_t √ᾱ_{t-1} / (1 - ᾱ_t), c₂ = (1 - ᾱ_{t-1}) √(1 - β_t) / (1 - ᾱ_t) */
  readonly posteriorMean1: Float64Array;
  readonly posteriorMean2: Float64Array;
}

export function diffusionTables(beta: Float64Array): DiffusionTables {
  let product = 1;
  const bar = beta.map((b) => {
    product *= 1 - b;
    return product;
  });
  const before = bar.map((_, t) => (t === 0 ? 1 : (bar[t - 1] as number)));
  const at = (table: Float64Array, t: number) => table[t] as number;
  const posteriorVariance = beta.map((b, t) => (b * (1 - at(before, t))) / (1 - at(bar, t)));
  return {
    betas: beta,
    alphasCumprod: bar,
    alphasCumprodBefore: before,
    posteriorVariance,
    posteriorLogVariance: posteriorVariance.map((_, t) => Math.log(at(posteriorVariance, Math.max(1, t)))),
    posteriorMean1: beta.map((b, t) => (b * Math.sqrt(at(before, t))) / (1 - at(bar, t))),
    posteriorMean2: beta.map((b, t) => ((1 - at(before, t)) * Math.sqrt(1 - b)) / (1 - at(bar, t))),
  };
}

/** `count` of `steps` timesteps, both ends among them, evenly spaced; halves are rounded to even, as Python does. */
export function spacedTimesteps(steps: number, count: number): number[] {
  const stride = count <= 1 ? 1 : (steps - 1) / (count - 1);
  let place = 0;
  return Array.from({ length: count }, () => {
    const timestep = roundHalfEven(place);
    place += stride;
    return timestep;
  });
}

function roundHalfEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  if (rest !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}

/** Every k-th timestep from 0 on, where a whole k gives just `count` of them. */
export function stridedTimesteps(steps: number, count: number): number[] | undefined {
  for (let stride = 1; stride < steps; stride++) {
    if (Math.ceil(steps / stride) === count) return Array.from({ length: count }, (_, index) => index * stride);
  }
  return undefined;
}

/** β of the process that only knows some timesteps: 1 - ᾱ_t / ᾱ_before. */
export function spacedBetas(alphasCumprod: Float64Array, timesteps: readonly number[]): Float64Array {
  let last = 1;
  return Float64Array.from(timesteps, (t) => {
    const here = alphasCumprod[t] as number;
    const beta = 1 - here / last;
    last = here;
    return beta;
  });
}
