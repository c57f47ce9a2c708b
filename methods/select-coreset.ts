/**
 * Coresets: real images chosen by what a trained network sees in them, class after class. Features are rows ψ(x) of one class.
 *
 * Herding (Welling, ICML 2009; Rebuffi et al., CVPR 2017) keeps the mean of the chosen nearest to the class mean μ:
 *   x_k = argmin_x ‖ μ - 1/k (ψ(x) + Σ_{j<k} ψ(x_j)) ‖
 * K-center (Sener and Savarese, ICLR 2018; the greedy 2-approximation) takes the image farthest from all that are chosen,
 * beginning with the one nearest to μ.
 * Forgetting (Toneva et al., ICLR 2019) takes the images that a network most often had right and then wrong again; those
 * that it never had right come first.
 */

/** Rows of one class: `count` × `width`. */
export interface Features {
  readonly count: number;
  readonly width: number;
  readonly values: Float32Array;
}

/** Positions in the order chosen: the first of 50 are the 10 of a choice of 10. Ties go to the first. */
export function herding(features: Features, k: number): number[] {
  const { count, width, values } = features;
  const mean = meanOf(features);
  const sum = new Float64Array(width);
  const chosen: number[] = [];
  const taken = new Uint8Array(count);
  while (chosen.length < k) {
    // ‖μ - (ψ + s)/n‖ is least where ‖nμ - s - ψ‖ is.
    const n = chosen.length + 1;
    const wanted = mean.map((value, axis) => n * value - (sum[axis] ?? 0));
    const next = leastOf(count, (row) =>
      taken[row] ? Number.POSITIVE_INFINITY : squaredDistance(features, row, wanted),
    );
    taken[next] = 1;
    chosen.push(next);
    for (let axis = 0; axis < width; axis++) sum[axis] = (sum[axis] ?? 0) + (values[next * width + axis] ?? 0);
  }
  return chosen;
}

export function kCenter(features: Features, k: number): number[] {
  const { count, width, values } = features;
  const mean = meanOf(features);
  const nearest = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const chosen = [leastOf(count, (row) => squaredDistance(features, row, mean))];
  while (chosen.length < k) {
    const last = chosen.at(-1) ?? 0;
    const centre = Float64Array.from(values.subarray(last * width, (last + 1) * width));
    for (let row = 0; row < count; row++)
      nearest[row] = Math.min(nearest[row] ?? 0, squaredDistance(features, row, centre));
    for (const row of chosen) nearest[row] = -1;
    chosen.push(leastOf(count, (row) => -(nearest[row] ?? 0)));
  }
  return chosen;
}

/** `forgotten` and `learned`: how often each image was lost, and whether it was ever had right. */
export function mostForgotten(forgotten: ArrayLike<number>, learned: ArrayLike<number>, k: number): number[] {
  const score = (row: number) => (learned[row] ? (forgotten[row] ?? 0) : Number.POSITIVE_INFINITY);
  const order = Array.from({ length: forgotten.length }, (_, row) => row);
  // Infinity minus infinity is no number: equal scores keep the order of the files.
  return order.sort((a, b) => (score(a) === score(b) ? a - b : score(b) - score(a))).slice(0, k);
}

function meanOf({ count, width, values }: Features): Float64Array {
  const mean = new Float64Array(width);
  for (let at = 0; at < values.length; at++) mean[at % width] = (mean[at % width] ?? 0) + (values[at] ?? 0) / count;
  return mean;
}

function squaredDistance({ width, values }: Features, row: number, to: Float64Array): number {
  let distance = 0;
  for (let axis = 0, at = row * width; axis < width; axis++, at++) {
    const difference = (values[at] as number) - (to[axis] as number);
    distance += difference * difference;
  }
  return distance;
}

function leastOf(count: number, costOf: (row: number) => number): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let row = 0; row < count; row++) {
    const value = costOf(row);
    if (value < least) [best, least] = [row, value];
  }
  return best;
}
