/** Honest words about tests: what the number of pairs allows at all, and which repetition is no evidence. */
import type { GroupSummary } from './groups.ts';
import type { Difference } from './statistics.ts';
import { probability } from './wording.ts';

const WANTED = 0.05;

/** How differences were tested; where pairs are few, the p that they cannot go below. */
export function attainable(found: readonly Difference[]): string[] {
  const pairs = found.filter(({ method }) => method === 'paired');
  const welch = found.length - pairs.length;
  const notes: string[] = [];
  if (pairs.length > 0) {
    const fewest = Math.min(...pairs.map(({ n }) => n));
    notes.push(fewest > 1 ? `Paired by set; p by exact sign flips. ${limit(fewest)}` : ONE_PAIR);
  }
  if (welch > 0)
    notes.push(
      `${pairs.length > 0 ? 'The others are' : 'Not paired, since sets do not share seeds and evaluation:'} by Welch's t.`,
    );
  return notes;
}

const ONE_PAIR = 'One pair has neither an interval nor a p.';

/** With n pairs there are 2^n sign patterns, and the extreme ones come in twos. */
export function limit(pairs: number): string {
  const smallest = 2 / 2 ** pairs;
  return smallest > WANTED
    ? `With n = ${pairs} pairs p cannot be below ${probability(smallest)}: it cannot reach p < ${WANTED}.`
    : `With n = ${pairs} pairs p cannot be below ${probability(smallest)}.`;
}

/** Evaluations of one set repeat a measurement, not the method. */
export function pseudoReplication(groups: readonly GroupSummary[]): string[] {
  const flagged = groups.flatMap(({ summary }) =>
    summary && summary.sets === 1 && summary.evaluations[1] > 1 ? [summary.evaluations[1]] : [],
  );
  if (flagged.length === 0) return [];
  return [
    `Pseudo-replication: ${Math.max(...flagged)} evaluations of one synthetic set are one draw of the method, n = 1; raise \`replicates.sets\` for an interval.`,
  ];
}
