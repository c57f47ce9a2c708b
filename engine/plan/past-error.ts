/**
 * How far estimates are from what runs then took, on what is known: every result is estimated from the others, as if it had
 * not run yet. Of thousands so many are tried, spread evenly over the history.
 */
import type { EstimateOptions } from './estimate.ts';
import { median } from './quantiles.ts';
import { type Group, groupsByStage, manifestsOf, nearestGroup, ratesOf } from './work-groups.ts';

export interface PastError {
  /** Median of |estimated - taken| / taken. */
  readonly median: number;
  readonly results: number;
}

export interface PastErrors {
  /** By others of the same settings; absent where none has two results. */
  readonly sameSettings?: PastError;
  /** By the nearest other settings. */
  readonly otherSettings?: PastError;
}

/** Of each stage kind; looking for the nearest settings takes longer than the rest. */
const MOST_SAME = 64;
const MOST_OTHER = 16;

export function pastErrors(options: EstimateOptions): PastErrors {
  const [same, other]: [number[], number[]] = [[], []];
  for (const groups of groupsByStage(options, manifestsOf(options)).values()) {
    const results = [...groups].flatMap(([name, group]) => group.costs.map((_, at) => ({ name, group, at })));
    for (const { group, at } of evenly(
      results.filter(({ group }) => group.costs.length > 1),
      MOST_SAME,
    )) {
      const costs = group.costs.filter((_, index) => index !== at);
      push(same, group.costs[at], { costs });
    }
    for (const { name, group, at } of evenly(results, MOST_OTHER)) {
      const others = new Map(groups);
      others.delete(name);
      const nearest = nearestGroup(group.facts, name, others);
      if (nearest) push(other, group.costs[at], nearest.group);
    }
  }
  return {
    ...(same.length > 0 && { sameSettings: { median: median(same), results: same.length } }),
    ...(other.length > 0 && { otherSettings: { median: median(other), results: other.length } }),
  };
}

function push(errors: number[], taken: Group['costs'][number] | undefined, from: Pick<Group, 'costs'>): void {
  if (!taken || !(taken.seconds > 0)) return;
  errors.push(Math.abs(median(ratesOf(from)) * taken.units - taken.seconds) / taken.seconds);
}

function evenly<T>(items: readonly T[], most: number): T[] {
  const every = Math.max(1, items.length / most);
  return items.filter((_, at) => Math.floor(at / every) !== Math.floor((at - 1) / every));
}
