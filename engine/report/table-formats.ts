/** A result table for people (`table`, `md`) and for programs (`csv`, `json`: full precision, shares as shares). */
import { blockWidth, type TextColumn, textBlock, wrapped } from './columns-of-text.ts';
import { csvLines, markdownLines } from './delimited.ts';
import { publishedCell, publishedHeader, publishedNotes } from './published/wording.ts';
import type { Interval } from './statistics.ts';
import type { ResultTable, TableRow } from './table.ts';
import type { TableFormat } from './table-format-names.ts';
import { baselineName, tableNotes } from './table-notes.ts';
import { figure, isShare, probability } from './wording.ts';

/** `width`: of the terminal; a wider table is broken into two, the differences below. */
export function formatTable(table: ResultTable, format: TableFormat, width = Number.POSITIVE_INFINITY): string {
  switch (format) {
    case 'table':
      return textTable(table, width);
    case 'md':
      return markdownTable(table);
    case 'csv':
      return csvTable(table);
    case 'json':
      return `${JSON.stringify(table, null, 2)}\n`;
  }
}

/** What was measured, on what and by what: above every table for people. */
function title({ experiment, data, network, backend }: ResultTable): string {
  return [experiment.name, data.description, network, backend].filter(Boolean).join(' · ');
}

const NOTES_WIDTH = 120;

function textTable(table: ResultTable, width: number): string {
  const { names, means, differences, remarks } = columnsOf(table);
  const wide = [...names, ...means, ...differences, ...remarks];
  const blocks =
    blockWidth(wide) <= width || differences.length === 0
      ? [wide]
      : [
          [...names, ...means, ...remarks],
          [...names, ...differences],
        ];
  const notes = [...tableNotes(table), ...publishedNotes(table)].flatMap((note) =>
    wrapped(note, Math.min(width, NOTES_WIDTH)),
  );
  const parts = [wrapped(title(table), width), ...blocks.map(textBlock), notes];
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function markdownTable(table: ResultTable): string {
  const { names, means, differences, remarks } = columnsOf(table);
  const columns = [...names, ...means, ...differences, ...remarks];
  const lines = markdownLines(columns);
  return `${title(table)}\n\n${lines.join('\n')}\n\n${[tableNotes(table).join(' '), ...publishedNotes(table).map((note) => `- ${note}`)].join('\n')}\n`;
}

interface Columns {
  readonly names: readonly TextColumn[];
  readonly means: readonly TextColumn[];
  readonly differences: readonly TextColumn[];
  /** Only where some row is not complete. */
  readonly remarks: readonly TextColumn[];
}

function columnsOf(table: ResultTable): Columns {
  const { rows, metric, axes } = table;
  const column = (header: string, cell: (row: TableRow) => string, right = true): TextColumn => ({
    header,
    cells: rows.map(cell),
    right,
  });
  const show = isShare(metric) ? (value: number) => (100 * value).toFixed(2) : figure;
  const stages = new Set(rows.map((row) => row.stage)).size > 1 || axes.length === 0;
  return {
    names: [
      ...axes.map((axis) => column(axis, (row) => row.axes[axis] ?? '-', false)),
      ...(stages ? [column('stage', (row) => row.stage, false)] : []),
    ],
    means: [
      column('n', (row) => (row.summary ? `${row.summary.sets} x ${range(row.summary.evaluations)}` : '-'), false),
      column(isShare(metric) ? `${metric} %` : metric, (row) => optional(row.summary?.mean, show)),
      ...(table.select === 'best' ? [column('at the end', (row) => optional(row.end?.mean, show))] : []),
      column('sd between', (row) => optional(row.summary?.sdBetween, show)),
      column('sd within', (row) => optional(row.summary?.sdWithin, show)),
      column('95 % interval', (row) => optional(row.summary?.interval, interval(show))),
      ...(rows.some(({ published }) => published)
        ? [column(publishedHeader(metric), (row) => publishedCell(row, show))]
        : []),
    ],
    differences: Object.keys(table.baseline).length > 0 ? differenceColumns(table, show) : [],
    remarks: rows.some((row) => row.state !== 'complete' || row.notInGrid) ? [column('remark', remark, false)] : [],
  };
}

function differenceColumns({ rows, baseline }: ResultTable, show: (value: number) => string): TextColumn[] {
  const of = (cell: (row: TableRow) => string) => rows.map((row) => (row.isBaseline ? '' : cell(row)));
  const signed = (value: number) => (value < 0 ? show(value) : `+${show(value)}`);
  return [
    {
      header: `vs ${baselineName(baseline)}`,
      cells: rows.map((row) => (row.isBaseline ? 'baseline' : optional(row.difference?.mean, signed))),
      right: true,
    },
    { header: '95 % interval', cells: of((row) => optional(row.difference?.interval, interval(show))), right: true },
    { header: 'p', cells: of((row) => optional(row.difference?.adjustedP, probability)), right: true },
  ];
}

function remark(row: TableRow): string {
  const { notInGrid } = row;
  const place = notInGrid ? [`not in current grid (${[`run ${notInGrid.run}`, ...notInGrid.differs].join('; ')})`] : [];
  return [...place, stateWords(row)].filter(Boolean).join(', ');
}

function stateWords(row: TableRow): string {
  const counted = `${row.evaluated} of ${row.planned} evaluations`;
  switch (row.state) {
    case 'complete':
      return '';
    case 'failed':
      return `failed: ${counted}`;
    case 'pruned':
      return `pruned: ${counted}`;
    case 'incomplete':
      return `incomplete: ${counted}`;
    case 'missing':
      return 'not run';
  }
}

function optional<T>(value: T | undefined, show: (value: T) => string): string {
  return value === undefined ? '-' : show(value);
}

function interval(show: (value: number) => string): (value: Interval) => string {
  return ({ low, high }) => `${show(low)} to ${show(high)}`;
}

function range([fewest, most]: readonly [number, number]): string {
  return fewest === most ? String(fewest) : `${fewest}-${most}`;
}

/** A figure of another setting has a column of its own, so that nobody plots it as the same. */
const PUBLISHED_COLUMNS: readonly [string, (row: TableRow) => string | number | undefined][] = [
  ['published', ({ published }) => (published?.differences.length === 0 ? published.value : undefined)],
  ['published_other_setting', ({ published }) => (published?.differences.length ? published.value : undefined)],
  ['published_sd', ({ published }) => published?.std],
  ['published_source', ({ published }) => published && `${published.paper}; ${published.table}`],
  ['published_differences', ({ published }) => published?.differences.join('; ')],
];

/** Nobody should plot the best, which is chosen on test data, as the end. */
const BEST_COLUMNS: readonly [string, (row: TableRow) => string | number | undefined][] = [
  ['select', () => 'best'],
  ['end_mean', ({ end }) => end?.mean],
  ['end_sd_between', ({ end }) => end?.sdBetween],
];

const OUTSIDE_COLUMNS: readonly [string, (row: TableRow) => string | undefined][] = [
  ['not_in_grid', ({ notInGrid }) => notInGrid?.run],
  ['not_in_grid_differs', ({ notInGrid }) => notInGrid?.differs.join('; ')],
];

function csvTable({ rows, axes, metric, baseline, select }: ResultTable): string {
  const named = Object.entries(baseline).map(([axis, label]) => `${axis}=${label}`);
  const columns: [string, (row: TableRow) => string | number | undefined][] = [
    ...axes.map((axis): [string, (row: TableRow) => string] => [axis, (row) => row.axes[axis] ?? '']),
    ['stage', (row) => row.stage],
    ['metric', () => metric],
    ['state', (row) => row.state],
    ['evaluated', (row) => row.evaluated],
    ['planned', (row) => row.planned],
    ['sets', (row) => row.summary?.sets],
    ['mean', (row) => row.summary?.mean],
    ['sd_between', (row) => row.summary?.sdBetween],
    ['sd_within', (row) => row.summary?.sdWithin],
    ['low_95', (row) => row.summary?.interval?.low],
    ['high_95', (row) => row.summary?.interval?.high],
    ['baseline', () => named.join(' ')],
    ['difference', (row) => row.difference?.mean],
    ['difference_low_95', (row) => row.difference?.interval?.low],
    ['difference_high_95', (row) => row.difference?.interval?.high],
    ['difference_method', (row) => row.difference?.method],
    ['difference_n', (row) => row.difference?.n],
    ['p', (row) => row.difference?.p],
    ['p_smallest', (row) => row.difference?.smallestP],
    ['p_holm', (row) => row.difference?.adjustedP],
    ...(select === 'best' ? BEST_COLUMNS : []),
    ...(rows.some(({ published }) => published) ? PUBLISHED_COLUMNS : []),
    ...(rows.some(({ notInGrid }) => notInGrid) ? OUTSIDE_COLUMNS : []),
  ];
  return csvLines([columns.map(([header]) => header), ...rows.map((row) => columns.map(([, cell]) => cell(row)))]);
}
