/** How to read a table: what n, sd, intervals and p are, and what so few sets can say. Only what the table really shows. */
import { cellWords } from './difference-words.ts';
import type { Difference } from './statistics.ts';
import type { ResultTable } from './table.ts';
import { pseudoReplication } from './test-notes.ts';
import { count, isShare, probability } from './wording.ts';

export function tableNotes({ rows, metric, baseline, select, outside }: ResultTable): string[] {
  const sets = rows.flatMap((row) => (row.summary ? [row.summary.sets] : []));
  const notes = [
    "n: synthetic sets x networks trained on each; sd between sets and within them; intervals by Student's t over sets.",
  ];
  if (select === 'best')
    notes.push(
      `Of each set the best snapshot is shown: chosen by ${metric} on test data, it flatters; beside it stands the end of the run, which \`select: last\` shows.`,
    );
  if (rows.some(({ state }) => state === 'pruned'))
    notes.push('Pruned cells were stopped by a rule of the experiment; `retort run --no-prune` continues them.');
  if (sets.includes(1)) notes.push('One set has neither an sd between sets nor an interval.');
  notes.push(...pseudoReplication(rows));
  if (outside) notes.push(outsideNote(outside));
  const found = rows.flatMap((row) => (row.difference ? [row.difference] : []));
  if (found.length === 0) return notes;
  const points = isShare(metric) ? ' in percentage points' : '';
  notes.push(`Differences from ${baselineName(baseline)}${points}: ${methods(found)}.`);
  const tested = found.filter((difference) => difference.p !== undefined).length;
  if (tested > 1) notes.push(`p is adjusted for the ${tested} differences of this table (Holm).`);
  return notes;
}

function outsideNote({ shown, cells }: NonNullable<ResultTable['outside']>): string {
  if (shown)
    return 'Cells that are not in the current grid are results of other runs of the experiment; no difference is taken from them.';
  const [has, them] = cells.length === 1 ? ['has', 'it'] : ['have', 'them'];
  return `Not in the current grid, but in the store: ${count(cells.length, 'cell')} of other runs (${cellWords(cells.map(({ axes }) => axes))}) ${has} results; \`--all-cells\` shows ${them}.`;
}

/** `random`, but `imagesPerClass=1`: a number alone says nothing. */
export function baselineName(baseline: Readonly<Record<string, string>>): string {
  return Object.entries(baseline)
    .map(([axis, label]) => (/^[a-z]{2}/i.test(label) ? label : `${axis}=${label}`))
    .join(', ');
}

function methods(found: readonly Difference[]): string {
  const pairs = found.filter((difference) => difference.method === 'paired');
  const fewest = pairs.reduce<Difference | undefined>(
    (least, pair) => (least && least.n <= pair.n ? least : pair),
    undefined,
  );
  const welch = "by Welch's t, since sets do not share seeds and evaluation";
  if (!fewest) return welch;
  const paired = `paired by set; ${
    fewest.n > 1
      ? `p by exact sign flips, which with ${fewest.n} pairs cannot be below ${probability(fewest.smallestP ?? 1)}${(fewest.smallestP ?? 1) > 0.05 ? ' (never p < 0.05)' : ''}`
      : 'one pair has neither an interval nor a p'
  }`;
  return pairs.length < found.length ? `${paired}; the others ${welch}` : paired;
}
