/** Learning-rate schedules: pure functions of a step (or epoch) index, as factors of the base rate. */
export type Schedule = (step: number) => number;

export const constantRate: Schedule = () => 1;

/** × `gamma` at each milestone reached. */
export function stepDecay(milestones: readonly number[], gamma = 0.1): Schedule {
  return (step) => gamma ** milestones.filter((milestone) => step >= milestone).length;
}

/** From 1 to `floor` over `steps`, half a cosine (PyTorch's CosineAnnealingLR). */
export function cosineDecay(steps: number, floor = 0): Schedule {
  return (step) => floor + ((1 - floor) * (1 + Math.cos((Math.PI * Math.min(step, steps)) / steps))) / 2;
}

/**
 * Rises linearly over `warmup` steps, then follows `after` from its step 0: by 1/warmup a step from there, so that the last
 * one has 1, or from `from`, so that the first one after it has (PyTorch's LinearLR).
 */
export function linearWarmUp(warmup: number, after: Schedule = constantRate, from?: number): Schedule {
  const rising = (step: number) => (from === undefined ? (step + 1) / warmup : from + ((1 - from) * step) / warmup);
  return (step) => (step < warmup ? rising(step) : after(step - warmup));
}

/**
 * Where the matching family divides its evaluation rate by ten and starts a new optimiser: epochs run from 0 to
 * `epochs` inclusive, and the rate falls after epoch ⌊epochs/2⌋ + 1.
 */
export function evaluationDecayEpoch(epochs: number): number {
  return Math.floor(epochs / 2) + 2;
}
