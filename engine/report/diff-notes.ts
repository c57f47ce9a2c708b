/** What a diff means, in sentences: what explains it, how it was tested, and what so few sets can say. */
import { brief } from '../plan/explain-words.ts';
import type { Diff } from './diff.ts';
import type { Difference } from './statistics.ts';
import { attainable, pseudoReplication } from './test-notes.ts';
import { count, isShare } from './wording.ts';

export function diffNotes(diff: Diff): string[] {
  const { results, metric, family, a, b } = diff;
  const notes = [explanation(diff)];
  if (diff.selects.includes('best'))
    notes.push('Best of the snapshots, chosen by the same test data: higher than what would be met elsewhere.');
  const found = results.flatMap(({ difference }): Difference[] => (difference ? [difference] : []));
  if (found.length > 0) {
    const points = isShare(metric) ? ' in percentage points' : '';
    notes.push(`Differences are B - A${points}, with 95 % intervals by Student's t over sets.`);
    notes.push(...attainable(found));
  }
  if (family > 1) notes.push(`p is adjusted for the ${family} differences of this diff (Holm).`);
  notes.push(...pseudoReplication(results.flatMap((result) => [result.a, result.b])));
  if (results.length === 0 && diff.onlyA.length + diff.onlyB.length > 0)
    notes.push(
      `No cell of A (${count(a.cells, 'cell')}) has one partner in B (${count(b.cells, 'cell')}): name a slice, \`RUN:axis=value\`.`,
    );
  return notes;
}

/** Which change explains the differences: certain only where there is one. */
export function explanation({ configuration, different, a, b, results }: Diff): string {
  const [only, ...more] = configuration;
  const axes = Object.keys(a.slice).filter((axis) => axis in b.slice && a.slice[axis] !== b.slice[axis]);
  const [axis] = axes;
  if (!different) return 'Nothing differs.';
  if (!only) {
    const redone = results.some(({ same }) => !same);
    return redone
      ? 'The configuration is equal; results differ in what has been computed.'
      : 'The configuration is equal.';
  }
  const where = only.cells ? ` (in ${count(only.cells.length, 'cell')})` : '';
  if (more.length === 0)
    return `Only \`${only.path}\` differs: ${brief(only.from)} → ${brief(only.to)}${where}. It explains whatever differs in the results.`;
  if (axis !== undefined && axes.length === 1 && equalButFor(a.slice, b.slice, axis))
    return `The axis \`${axis}\` differs, ${a.slice[axis]} → ${b.slice[axis]}, and with it ${configuration.length} settings: together they explain the differences.`;
  return `${configuration.length} settings differ: the diff cannot say which of them explains the results.`;
}

function equalButFor(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>, axis: string): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  names.delete(axis);
  return [...names].every((name) => a[name] === b[name]);
}
