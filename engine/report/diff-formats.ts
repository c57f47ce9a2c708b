/** A diff for people (`table`, `md`) and for programs (`csv`: one line a difference; `json`). */
import type { ConfigurationChange, Labels } from '../plan/configuration-changes.ts';
import { brief } from '../plan/explain-words.ts';
import { type TextColumn, textBlock, wrapped } from './columns-of-text.ts';
import { csvLines, markdownLines } from './delimited.ts';
import type { Diff, ResultChange } from './diff.ts';
import { diffNotes } from './diff-notes.ts';
import type { GroupSummary } from './groups.ts';
import type { TableFormat } from './table-format-names.ts';
import { count, figure, isShare, probability } from './wording.ts';

const NOTES_WIDTH = 120;

export function formatDiff(diff: Diff, format: TableFormat, width = Number.POSITIVE_INFINITY): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify({ ...diff, notes: diffNotes(diff) }, null, 2)}\n`;
    case 'csv':
      return csvDiff(diff);
    case 'md':
      return `${[...parts(diff, markdownLines), diffNotes(diff)].map((lines) => lines.join('\n')).join('\n\n')}\n`;
    case 'table': {
      const notes = diffNotes(diff).flatMap((note) => wrapped(note, Math.min(width, NOTES_WIDTH)));
      return `${[...parts(diff, textBlock), notes].map((lines) => lines.join('\n')).join('\n\n')}\n`;
    }
  }
}

function parts(diff: Diff, block: (columns: readonly TextColumn[]) => string[]): string[][] {
  const { a, b, configuration, results, onlyA, onlyB } = diff;
  return [
    [`A: ${sideWords(a)}`, `B: ${sideWords(b)}`],
    ...(configuration.length > 0 ? [block(configurationColumns(configuration))] : []),
    ...(results.length > 0 ? [block(resultColumns(diff))] : []),
    ...(onlyA.length > 0 ? [[`Only in A: ${cellList(onlyA)}`]] : []),
    ...(onlyB.length > 0 ? [[`Only in B: ${cellList(onlyB)}`]] : []),
  ];
}

function sideWords({ name, experiment, cells }: Diff['a']): string {
  return `${name} (${experiment}, ${count(cells, 'cell')})`;
}

const MOST_CELLS = 8;

function cellList(cells: readonly Labels[]): string {
  const more = cells.length - MOST_CELLS;
  return [...cells.slice(0, MOST_CELLS).map(labelWords), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

function labelWords(labels: Labels): string {
  const named = Object.entries(labels).map(([axis, label]) => `${axis}=${label}`);
  return named.length > 0 ? named.join(',') : 'the only cell';
}

function configurationColumns(changes: readonly ConfigurationChange[]): TextColumn[] {
  const somewhere = changes.some(({ cells }) => cells !== undefined);
  return [
    { header: 'configuration', cells: changes.map(({ path }) => path) },
    { header: 'A', cells: changes.map(({ from }) => (from === undefined ? '-' : brief(from))) },
    { header: 'B', cells: changes.map(({ to }) => (to === undefined ? '-' : brief(to))) },
    ...(somewhere ? [{ header: 'where', cells: changes.map(({ cells }) => (cells ? cellList(cells) : '')) }] : []),
  ];
}

function resultColumns({ results, axes, metric }: Diff): TextColumn[] {
  const show = isShare(metric) ? (value: number) => (100 * value).toFixed(2) : figure;
  const signed = (value: number) => (value < 0 ? show(value) : `+${show(value)}`);
  const column = (header: string, cell: (result: ResultChange) => string, right = true): TextColumn => ({
    header,
    cells: results.map(cell),
    right,
  });
  const name = isShare(metric) ? `${metric} %` : metric;
  const stages = new Set(results.map(({ stage }) => stage)).size > 1 || axes.length === 0;
  const remarks = results.map(remark);
  return [
    ...axes.map((axis) => column(axis, ({ labels }) => labels[axis] ?? '-', false)),
    ...(stages ? [column('stage', ({ stage }) => stage, false)] : []),
    column(`A: ${name}`, ({ a }) => meanWords(a, show)),
    column('n', ({ a }) => sizeWords(a), false),
    column(`B: ${name}`, ({ b }) => meanWords(b, show)),
    column('n', ({ b }) => sizeWords(b), false),
    column('B - A', ({ difference, same }) => (same ? 'same' : difference ? signed(difference.mean) : '-')),
    column('95 % interval', ({ difference }) =>
      difference?.interval ? `${show(difference.interval.low)} to ${show(difference.interval.high)}` : '-',
    ),
    column('p', ({ difference }) => (difference?.adjustedP === undefined ? '-' : probability(difference.adjustedP))),
    ...(remarks.some(Boolean) ? [{ header: 'remark', cells: remarks }] : []),
  ];
}

/** `79.12 ± 0.48`: mean and sd between sets. */
function meanWords({ summary }: GroupSummary, show: (value: number) => string): string {
  if (!summary) return '-';
  return summary.sdBetween === undefined ? show(summary.mean) : `${show(summary.mean)} ± ${show(summary.sdBetween)}`;
}

function sizeWords({ summary }: GroupSummary): string {
  if (!summary) return '-';
  const [fewest, most] = summary.evaluations;
  return `${summary.sets} x ${fewest === most ? fewest : `${fewest}-${most}`}`;
}

function remark({ a, b, unlike }: ResultChange): string {
  const state = (side: string, { state, evaluated, planned }: GroupSummary) =>
    state === 'complete' ? [] : [`${side} ${state === 'missing' ? 'not run' : `${state}: ${evaluated} of ${planned}`}`];
  return [...state('A', a), ...state('B', b), ...(unlike === undefined ? [] : [`not subtracted: ${unlike}`])].join(
    '; ',
  );
}

function csvDiff({ configuration, results, axes, metric, a, b, onlyA, onlyB }: Diff): string {
  const blank = (columns: number) => Array.from({ length: columns }, () => '');
  const side = ({ state, evaluated, planned, summary }: GroupSummary) => [
    state,
    evaluated,
    planned,
    summary?.sets,
    summary?.mean,
    summary?.sdBetween,
    summary?.sdWithin,
  ];
  // Their own axes may not be among those that name the pairs.
  const onlyIn = (kind: string, cells: readonly Labels[]) =>
    cells.map((labels) => [kind, ...axes.map((axis) => labels[axis]), labelWords(labels), ...blank(26)]);
  const sideNames = (name: string) =>
    ['state', 'evaluated', 'planned', 'sets', 'mean', 'sd_between', 'sd_within'].map((column) => `${name}_${column}`);
  return csvLines([
    [
      'kind',
      ...axes,
      'name',
      'a',
      'b',
      ...sideNames('a'),
      ...sideNames('b'),
      'difference',
      'low_95',
      'high_95',
      'method',
      'n',
      'p',
      'p_smallest',
      'p_holm',
      'same',
      'unlike',
    ],
    ...configuration.flatMap(({ path, from, to, cells }) =>
      (cells ?? [{} as Labels]).map((labels) => [
        'configuration',
        ...axes.map((axis) => labels[axis]),
        path,
        from === undefined ? undefined : text(from),
        to === undefined ? undefined : text(to),
        ...blank(24),
      ]),
    ),
    ...results.map(({ labels, stage, a: ours, b: theirs, difference, same, unlike }) => [
      'result',
      ...axes.map((axis) => labels[axis]),
      `${stage}.${metric}`,
      a.name,
      b.name,
      ...side(ours),
      ...side(theirs),
      difference?.mean,
      difference?.interval?.low,
      difference?.interval?.high,
      difference?.method,
      difference?.n,
      difference?.p,
      difference?.smallestP,
      difference?.adjustedP,
      same,
      unlike,
    ]),
    ...onlyIn('only-a', onlyA),
    ...onlyIn('only-b', onlyB),
  ]);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
