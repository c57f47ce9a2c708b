/**
 * Whether a cell is hopeless: a pure judge, fed with figures of snapshots in the order in which they arrive. The same
 * arrivals in the same order give the same decisions.
 *
 * A cohort is what can be compared: evaluations by one stage, at one step (or fraction), of cells that agree on the axes
 * of `within`. A cell counts with the mean of its figures there, once it has `minReplicates` of them, and is judged once
 * for each step: when it counts, or as soon as the cohort is large enough. Pruned cells stay in their cohorts, so that the
 * bar does not sink.
 */
import { isBetter } from '../plan/direction.ts';
import type { PruneRule } from '../plan/prune-rule.ts';

export interface Arrival {
  readonly cell: string;
  /** Names the cohort. */
  readonly cohort: string;
  readonly value: number;
}

export interface Standing {
  readonly cell: string;
  /** Mean of its figures in the cohort. */
  readonly value: number;
  readonly replicates: number;
}

/** With all that it rests on. */
export interface PruneDecision {
  readonly verdict: 'prune' | 'keep';
  readonly cell: string;
  readonly cohort: string;
  readonly value: number;
  /** What the value had to reach. */
  readonly threshold: number;
  /** Who was compared, in the order of arrival; the judged cell among them. */
  readonly standings: readonly Standing[];
}

export class Judge {
  readonly #rule: PruneRule;
  /** By cohort and cell: figures in the order of arrival. */
  readonly #cohorts = new Map<string, Map<string, number[]>>();
  readonly #judged = new Set<string>();

  constructor(rule: PruneRule) {
    this.#rule = rule;
  }

  /** `isOver`: cells that are finished, given up, or spared; they are compared with, but not judged. */
  arrived({ cell, cohort, value }: Arrival, isOver: (cell: string) => boolean = () => false): PruneDecision[] {
    const cells = this.#cohorts.get(cohort) ?? new Map<string, number[]>();
    this.#cohorts.set(cohort, cells);
    cells.set(cell, [...(cells.get(cell) ?? []), value]);
    const standings = [...cells]
      .filter(([, values]) => values.length >= this.#rule.minReplicates)
      .map(([name, values]): Standing => ({ cell: name, value: mean(values), replicates: values.length }));
    const decisions: PruneDecision[] = [];
    for (const standing of standings) {
      const once = JSON.stringify([cohort, standing.cell]);
      if (this.#judged.has(once) || isOver(standing.cell)) continue;
      const threshold = thresholdFor(standing, standings, this.#rule);
      if (threshold === undefined) continue;
      this.#judged.add(once);
      const verdict = isBetter(this.#rule.metric, threshold, standing.value) ? 'prune' : 'keep';
      decisions.push({ verdict, cell: standing.cell, cohort, value: standing.value, threshold, standings });
    }
    return decisions;
  }
}

/** Undefined where there is nothing to compare with yet. A value that reaches it goes on. */
function thresholdFor(judged: Standing, standings: readonly Standing[], rule: PruneRule): number | undefined {
  if (rule.rule === 'threshold') return rule.threshold;
  if (standings.length < rule.minCells) return undefined;
  if (rule.rule === 'median') return median(standings.filter((other) => other !== judged).map(({ value }) => value));
  // Successive halving without waiting: the best ⌊n/η⌋ of those that have come so far, at least one.
  const best = standings.map(({ value }) => value).sort((a, b) => (isBetter(rule.metric, a, b) ? -1 : 1));
  return best[Math.max(1, Math.floor(best.length / rule.eta)) - 1];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
