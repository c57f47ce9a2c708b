/** Figures beside what they cost, in every format: shared upstream is in `full` of each cell and in `cumulative` once. */
import type { Plan } from '../plan/plan.ts';
import { type TextColumn, textBlock } from './columns-of-text.ts';
import { type CellCost, costOfCells } from './cost.ts';
import { csvLines, markdownLines } from './delimited.ts';
import { evaluates, type Figures, metricNames } from './groups.ts';
import type { TableFormat } from './table-format-names.ts';
import { count, duration, figure, isShare } from './wording.ts';

export interface CostTable {
  readonly experiment: string;
  readonly metric?: string;
  readonly axes: readonly string[];
  readonly cells: readonly CellCost[];
}

export function costTable(
  plan: Plan,
  figures: Figures,
  seconds: Parameters<typeof costOfCells>[1]['seconds'],
  asked?: string,
): CostTable {
  const metric = asked ?? plan.metric ?? metricNames(plan, figures)[0];
  const cells = costOfCells(plan, {
    seconds,
    figure: (node) => (metric !== undefined && evaluates(node) ? figures(node)?.[metric] : undefined),
  });
  return { experiment: plan.experiment.name, ...(metric && { metric }), axes: Object.keys(plan.axes), cells };
}

export function formatCosts(table: CostTable, format: Exclude<TableFormat, 'json'>): string {
  const { axes, metric, cells } = table;
  if (format === 'csv')
    return csvLines([
      [...axes, metric ?? 'figure', 'fullSeconds', 'marginalSeconds', 'cumulativeSeconds', 'missing'],
      ...cells.map((cell) => [
        ...axes.map((axis) => cell.axes[axis]),
        ...[cell.figure, cell.fullSeconds, cell.marginalSeconds, cell.cumulativeSeconds, cell.missing],
      ]),
    ]);
  const columns = columnsOf(table);
  const lines = format === 'md' ? markdownLines(columns) : textBlock(columns);
  return `${[table.experiment, '', ...lines, '', ...NOTES].join('\n')}\n`;
}

const NOTES = [
  'full: all that the cell needs, as if run alone; marginal: what no other cell needs; cumulative: this cell and those',
  'above it, shared nodes once. Seconds over all attempts, of results that are in the store.',
];

function columnsOf({ axes, metric, cells }: CostTable): TextColumn[] {
  const time = (header: string, of: (cell: CellCost) => number): TextColumn => ({
    header,
    cells: cells.map((cell) => duration(of(cell))),
    right: true,
  });
  const isPercent = metric !== undefined && isShare(metric);
  return [
    ...axes.map((axis) => ({ header: axis, cells: cells.map((cell) => cell.axes[axis] ?? '') })),
    {
      header: isPercent ? `${metric} %` : (metric ?? 'figure'),
      cells: cells.map((cell) => shown(cell.figure, isPercent)),
      right: true,
    },
    time('full', (cell) => cell.fullSeconds),
    time('marginal', (cell) => cell.marginalSeconds),
    time('cumulative', (cell) => cell.cumulativeSeconds),
    {
      header: 'remark',
      cells: cells.map(({ missing }) => (missing > 0 ? `${count(missing, 'node')} not computed` : '')),
    },
  ];
}

function shown(value: number | undefined, isPercent: boolean): string {
  if (value === undefined) return '-';
  return isPercent ? (100 * value).toFixed(1) : figure(value);
}
