/** How a plan differs from that of an earlier run, in a few short lines; everything of it stands in JSON and in `diff`. */
import type { ConfigurationChange, Labels } from '../plan/configuration-changes.ts';
import type { PlanDifference } from '../plan/difference.ts';
import { brief } from '../plan/explain-words.ts';
import { count } from './wording.ts';

const MOST_CELLS = 4;
const MOST_CHANGES = 6;

/** `file`: the experiment's, for the command that says it all. */
export function differenceLines(difference: PlanDifference, file: string): string[] {
  const { run, cellsAdded, cellsGone, axesAdded, axesGone, changes, nodesAdded, nodesGone } = difference;
  const told = changes.slice(0, MOST_CHANGES).map((change) => `  ${changeWords(change)}`);
  const more = changes.length - told.length;
  const lines = [
    ...(axesAdded.length > 0 ? [`  axes added: ${axesAdded.join(', ')}`] : []),
    ...(axesGone.length > 0 ? [`  axes gone: ${axesGone.join(', ')}`] : []),
    ...(cellsAdded.length > 0 ? [`  ${count(cellsAdded.length, 'cell')} added: ${cellWords(cellsAdded)}`] : []),
    ...(cellsGone.length > 0
      ? [
          `  ${count(cellsGone.length, 'cell')} gone: ${cellWords(cellsGone)}; results stay (\`retort compare ${file} --all-cells\`)`,
        ]
      : []),
    ...told,
    ...(more > 0 ? [`  and ${count(more, 'setting')} more: \`retort diff ${run} ${file}\``] : []),
  ];
  // Snapshots, say, or stages cut into shards.
  const other = [`  ${count(nodesAdded, 'node')} added, ${nodesGone} gone`];
  return [`Differs from run ${run}:`, ...(lines.length > 0 ? lines : other)];
}

function changeWords({ path, from, to, cells }: ConfigurationChange): string {
  const where = cells ? ` (${cellWords(cells)})` : '';
  const [stage] = path.split('.');
  if (path === `${stage}.stage` && from === undefined) return `stage ${stage} added (${brief(to)})${where}`;
  if (path === `${stage}.stage` && to === undefined) return `stage ${stage} gone (${brief(from)})${where}`;
  return `${path} ${brief(from)} → ${brief(to)}${where}`;
}

export function cellWords(cells: readonly Labels[]): string {
  const more = cells.length - MOST_CELLS;
  return [...cells.slice(0, MOST_CELLS).map(labelWords), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

function labelWords(labels: Labels): string {
  const named = Object.entries(labels).map(([axis, label]) => `${axis}=${label}`);
  return named.length > 0 ? named.join(',') : 'the only one';
}
