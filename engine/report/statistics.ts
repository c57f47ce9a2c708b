/**
 * What a grid's figures mean. There are two kinds of repetition: synthetic sets, which are independent draws of the
 * method, and evaluations of one set, which are not. So evaluations are averaged inside their set first, and every n,
 * interval and test is over sets.
 */
import jstat from 'jstat';

export const LEVEL = 0.95;

/** The figures of one synthetic set: one value an evaluation. */
export interface SetValues {
  readonly set: number;
  readonly values: readonly number[];
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Summary {
  readonly sets: number;
  /** Evaluations of a set: the fewest and the most of any set. */
  readonly evaluations: readonly [number, number];
  readonly mean: number;
  /** Of the set means; absent with one set. */
  readonly sdBetween?: number;
  /** Of evaluations around their set's mean, pooled over sets; absent where no set has two evaluations. */
  readonly sdWithin?: number;
  /** Of the mean, by Student's t over sets; absent with one set. */
  readonly interval?: Interval;
  readonly setMeans: readonly { readonly set: number; readonly mean: number }[];
}

export interface Difference {
  readonly method: 'paired' | 'welch';
  /** Pairs, or the smaller number of sets. */
  readonly n: number;
  readonly mean: number;
  readonly interval?: Interval;
  readonly degreesOfFreedom?: number;
  /** Two-sided. Exact sign flips for pairs, Welch's t otherwise. */
  readonly p?: number;
  /** The smallest p that so many pairs can give: 2 / 2^n. */
  readonly smallestP?: number;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of a sample (n - 1); undefined for fewer than two values. */
export function standardDeviation(values: readonly number[]): number | undefined {
  if (values.length < 2) return undefined;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

export function tQuantile(p: number, degreesOfFreedom: number): number {
  return jstat.studentt.inv(p, degreesOfFreedom);
}

function tInterval(centre: number, standardError: number, degreesOfFreedom: number): Interval {
  const half = tQuantile(1 - (1 - LEVEL) / 2, degreesOfFreedom) * standardError;
  return { low: centre - half, high: centre + half };
}

function pooledWithin(sets: readonly SetValues[]): number | undefined {
  let squares = 0;
  let freedom = 0;
  for (const { values } of sets) {
    const sd = standardDeviation(values);
    if (sd === undefined) continue;
    squares += sd ** 2 * (values.length - 1);
    freedom += values.length - 1;
  }
  return freedom > 0 ? Math.sqrt(squares / freedom) : undefined;
}

/** Undefined when no set has a value. */
export function summarise(all: readonly SetValues[]): Summary | undefined {
  const sets = all.filter(({ values }) => values.length > 0);
  if (sets.length === 0) return undefined;
  const setMeans = sets.map(({ set, values }) => ({ set, mean: mean(values) }));
  const means = setMeans.map((entry) => entry.mean);
  const counts = sets.map(({ values }) => values.length);
  const centre = mean(means);
  const sdBetween = standardDeviation(means);
  const sdWithin = pooledWithin(sets);
  return {
    sets: sets.length,
    evaluations: [Math.min(...counts), Math.max(...counts)],
    mean: centre,
    ...(sdBetween === undefined
      ? {}
      : { sdBetween, interval: tInterval(centre, sdBetween / Math.sqrt(sets.length), sets.length - 1) }),
    ...(sdWithin === undefined ? {} : { sdWithin }),
    setMeans,
  };
}

/** Of `ours` from `theirs`; `paired` is for the caller to decide: only where set k of both shares its draws. */
export function difference(ours: Summary, theirs: Summary, paired: boolean): Difference {
  return paired ? pairedDifference(ours, theirs) : welchDifference(ours, theirs);
}

function pairedDifference(ours: Summary, theirs: Summary): Difference {
  const other = new Map(theirs.setMeans.map((entry) => [entry.set, entry.mean]));
  const differences = ours.setMeans.flatMap((entry) => {
    const their = other.get(entry.set);
    return their === undefined ? [] : [entry.mean - their];
  });
  if (differences.length === 0) return welchDifference(ours, theirs);
  const n = differences.length;
  const centre = mean(differences);
  const sd = standardDeviation(differences);
  const p = signFlip(differences);
  return {
    method: 'paired',
    n,
    mean: centre,
    ...(sd === undefined ? {} : { interval: tInterval(centre, sd / Math.sqrt(n), n - 1), degreesOfFreedom: n - 1 }),
    ...(p === undefined ? {} : { p }),
    smallestP: 2 / 2 ** n,
  };
}

function welchDifference(ours: Summary, theirs: Summary): Difference {
  const centre = ours.mean - theirs.mean;
  const n = Math.min(ours.sets, theirs.sets);
  if (ours.sdBetween === undefined || theirs.sdBetween === undefined) return { method: 'welch', n, mean: centre };
  const a = ours.sdBetween ** 2 / ours.sets;
  const b = theirs.sdBetween ** 2 / theirs.sets;
  if (a + b === 0) return { method: 'welch', n, mean: centre };
  // Welch-Satterthwaite.
  const degreesOfFreedom = (a + b) ** 2 / (a ** 2 / (ours.sets - 1) + b ** 2 / (theirs.sets - 1));
  const standardError = Math.sqrt(a + b);
  return {
    method: 'welch',
    n,
    mean: centre,
    interval: tInterval(centre, standardError, degreesOfFreedom),
    degreesOfFreedom,
    p: 2 * (1 - jstat.studentt.cdf(Math.abs(centre) / standardError, degreesOfFreedom)),
  };
}

/** Beyond this many pairs the two halves of the enumeration no longer fit in a moment; the interval says enough. */
const MOST_PAIRS = 40;

/**
 * Exact two-sided sign-flip permutation test of "the mean difference is 0": the share of all 2^n sign patterns whose
 * sum is at least as far from 0 as the one seen. Sums of the two halves are sorted and matched, so 40 pairs take
 * 2 x 2^20 sums instead of 2^40.
 */
export function signFlip(differences: readonly number[]): number | undefined {
  const n = differences.length;
  // One pair flips to itself or its opposite: p would always be 1.
  if (n < 2 || n > MOST_PAIRS) return undefined;
  const seen = Math.abs(differences.reduce((sum, value) => sum + value, 0));
  // Sums in another order differ in their last bits; a tie must count as a tie.
  const bound = seen - 1e-12 * differences.reduce((sum, value) => sum + Math.abs(value), 0);
  if (bound <= 0) return 1;
  const left = signedSums(differences.slice(0, Math.ceil(n / 2)));
  const right = signedSums(differences.slice(Math.ceil(n / 2)));
  let far = 0;
  let next = right.length;
  for (const sum of left) {
    while (next > 0 && sum + (right[next - 1] ?? 0) >= bound) next--;
    far += right.length - next;
  }
  // The distribution is symmetric: as many sums lie below -bound.
  return Math.min(1, (2 * far) / 2 ** n);
}

function signedSums(values: readonly number[]): Float64Array {
  const sums = new Float64Array(2 ** values.length);
  for (let pattern = 0; pattern < sums.length; pattern++)
    sums[pattern] = values.reduce((sum, value, bit) => sum + ((pattern >> bit) & 1 ? value : -value), 0);
  return sums.sort();
}

/** Holm's step-down adjustment over one family of p-values, in their order. */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p);
  const adjusted = new Array<number>(ps.length).fill(1);
  let floor = 0;
  order.forEach(({ p, index }, rank) => {
    floor = Math.max(floor, Math.min(1, p * (ps.length - rank)));
    adjusted[index] = floor;
  });
  return adjusted;
}
