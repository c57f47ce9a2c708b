/**
 * λ ~ Beta(α, α) from uniform numbers: X/(X + Y) of two gamma numbers by Marsaglia and Tsang (2000), who accept more
 * than nine tries of ten; for α = 1 the uniform number itself.
 */
const TRIES = 16;
/** Uniform numbers that one λ takes at most. */
export const BETA_DRAWS = 2 * (3 * TRIES + 1);

export function betaFrom(uniform: ArrayLike<number>, alpha: number): number {
  if (alpha === 1) return uniform[0] ?? 0;
  const half = BETA_DRAWS / 2;
  const at = (offset: number) => (index: number) => uniform[offset + index] ?? 0.5;
  const [x, y] = [gamma(at(0), alpha), gamma(at(half), alpha)];
  return x + y > 0 ? x / (x + y) : (uniform[0] ?? 0) < 0.5 ? 0 : 1;
}

function gamma(at: (index: number) => number, shape: number): number {
  // Below 1: Gamma(a) = Gamma(a + 1) · U^(1/a).
  if (shape < 1) return gamma((index) => at(index + 1), shape + 1) * at(0) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const [first, second, third] = [0, 1, 2].map((index) => 1 - at(3 * attempt + index)) as [number, number, number];
    const normal = Math.sqrt(-2 * Math.log(first)) * Math.cos(2 * Math.PI * second);
    const v = (1 + c * normal) ** 3;
    if (v > 0 && Math.log(third) < 0.5 * normal ** 2 + d - d * v + d * Math.log(v)) return d * v;
  }
  return d;
}
