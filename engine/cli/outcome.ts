/** What became of a run, for the table and for the lines below it. */
import { join, relative } from 'node:path';
import type { Plan } from '../plan/plan.ts';
import type { LedgerTotals } from '../report/ledger.ts';
import { count, duration } from '../report/wording.ts';
import type { RunOutcome } from '../run/run.ts';
import type { Records } from './results.ts';

/** Where a person finds what was made, and how to go on; a few short lines. */
export function closingLines(ended: RunOutcome, plan: Plan, records: Records, ledger: LedgerTotals): string[] {
  const folder = shortest(ended.folder);
  const lines = [
    ...places('pictures', /\.png$/, folder, plan, records),
    ...places('synthetic sets', /^synthetic(-\d+-\d+)?\.safetensors$/, folder, plan, records),
    `${count(plan.nodes.length, 'node')}: ${ended.executed} run, ${count(ended.hits, 'hit')}, in ${duration(ended.seconds)}.`,
    ...workLines(ledger),
  ];
  if (ended.outcome === 'interrupted')
    lines.push('Interrupted: what is finished is kept, and the same command continues from the checkpoints.');
  if (ended.outcome === 'failed')
    lines.push('Some nodes failed: the same command tries them again and repeats nothing that is finished.');
  return lines;
}

/** Nothing where nothing was done or saved. */
function workLines({ wallSeconds, repeatedSeconds, wastedSeconds, savedSeconds }: LedgerTotals): string[] {
  const lost = [
    ...(repeatedSeconds >= 0.1 ? [`${duration(repeatedSeconds)} of it lost and done again`] : []),
    ...(wastedSeconds >= 0.1 ? [`${duration(wastedSeconds)} of it for nothing`] : []),
  ];
  const parts = [
    ...(wallSeconds > 0
      ? [`work done: ${duration(wallSeconds)}${lost.length > 0 ? ` (${lost.join(', ')})` : ''}`]
      : []),
    ...(savedSeconds > 0 ? [`saved by hits: ${duration(savedSeconds)}`] : []),
  ];
  return parts.length > 0 ? [`${parts.join('; ')}.`] : [];
}

function shortest(folder: string): string {
  const fromHere = relative('.', folder);
  return fromHere.startsWith('..') ? folder : fromHere;
}

/** One pattern for the files of all nodes: a shell or a file manager opens it, and it is one line. */
function places(what: string, file: RegExp, folder: string, plan: Plan, records: Records): string[] {
  const paths = plan.nodes.flatMap(({ key }) =>
    Object.entries(records.get(key)?.artifacts ?? {}).flatMap(([role, files]) =>
      Object.keys(files)
        .filter((name) => file.test(name))
        .map((name) => [role, name] as const),
    ),
  );
  if (paths.length === 0) return [];
  const [roles, names] = [0, 1].map((part) => [...new Set(paths.map((path) => path[part]))]) as [string[], string[]];
  const pattern = join(folder, 'stages', '*', oneOf(roles), oneOf(withoutParts(names)));
  return [`${what}: ${pattern} (${paths.length})`];
}

/** Parts of a set, `after-00000-00009.png` and so on, are one name, which also stands for the whole beside them. */
function withoutParts(names: readonly string[]): readonly string[] {
  const found = new Set(names.map((name) => name.replace(/-\d+-\d+(?=\.)/, '*')));
  return [...found].filter((name) => !found.has(name.replace(/(?=\.[^.]*$)/, '*')));
}

function oneOf(names: readonly string[]): string {
  return names.length === 1 ? (names[0] ?? '') : `{${names.join(',')}}`;
}
