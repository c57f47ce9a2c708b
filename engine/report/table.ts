/**
 * The grid as a table: plan + figures of nodes → one row for each cell and evaluating stage. Pure, and made from nothing
 * but what the keys of the plan's nodes hold, so that equal results give equal tables however the run went.
 *
 * Differences are from the row that shares every other axis with the baseline.
 */
import { isBetter } from '../plan/direction.ts';
import type { Plan } from '../plan/plan.ts';
import {
  bySet,
  differenceFrom,
  type Figures,
  type Group,
  type GroupSummary,
  groupsOf,
  hasValue,
  type Mishaps,
  metricNames,
  summaryOf,
} from './groups.ts';
import { describeNetwork } from './network-wording.ts';
import type { Published } from './published/beside.ts';
import { type Difference, holm, type Summary, summarise } from './statistics.ts';

export { type Figures, metricNames } from './groups.ts';

export interface ResultTable {
  readonly schema: 'retort-table/1';
  readonly experiment: Plan['experiment'];
  readonly data: Plan['data'];
  readonly backend: string;
  /** What was trained and tested, in words; empty where the evaluations name no network. */
  readonly network: string;
  readonly metric: string;
  readonly axes: readonly string[];
  /** What differences are from, as axis and label; empty without a baseline. */
  readonly baseline: Readonly<Record<string, string>>;
  /** `best`: of each set the snapshot whose evaluations are best, which is chosen on test data. */
  readonly select: 'last' | 'best';
  readonly rows: readonly TableRow[];
  /** Cells of other runs of the experiment that have results and are not in the grid shown; see `outside-cells.ts`. */
  readonly outside?: {
    /** Whether they are among the rows. */
    readonly shown: boolean;
    readonly cells: readonly { readonly axes: Readonly<Record<string, string>>; readonly run: string }[];
  };
}

export interface TableRow extends GroupSummary {
  readonly cell: string;
  readonly axes: Readonly<Record<string, string>>;
  readonly stage: string;
  readonly isBaseline: boolean;
  /** What evaluations of snapshots say, the earliest first; the end stands in `summary`. */
  readonly curve?: readonly { readonly at: number; readonly evaluated: number; readonly summary: Summary }[];
  /** The end of the run, where `summary` is of the best snapshot of each set. */
  readonly end?: Summary;
  /** Of a cell that is not in the grid shown: the run that has it, and what else is not as in the rest of the table. */
  readonly notInGrid?: { readonly run: string; readonly differs: readonly string[] };
  /** Where it was asked for and some paper has a figure of this method, data set and size. */
  readonly published?: Published;
  readonly difference?: Difference & {
    /** Adjusted for all differences of the table (Holm); equal to `p` with one. */
    readonly adjustedP?: number;
  };
}

export interface TableOptions extends Mishaps {
  /** The experiment's own, else the first figure of the first evaluation. */
  readonly metric?: string;
  /** The axis along which rows are compared; the experiment's baseline otherwise. */
  readonly by?: string;
  /** Best mean first, rather than in the order of the axes. */
  readonly sort?: boolean;
}

export function resultTable(plan: Plan, figures: Figures, options: TableOptions = {}): ResultTable {
  const metric = options.metric ?? plan.metric ?? metricNames(plan, figures)[0] ?? 'accuracy';
  const baseline = baselineOf(plan, options.by);
  const groups = inOrder(groupsOf(plan, figures, metric), plan, Object.keys(baseline));
  const rows = groups.map((group) => rowOf(group, groups, baseline, options));
  return {
    schema: 'retort-table/1',
    experiment: plan.experiment,
    data: plan.data,
    backend: plan.backend,
    network: describeNetwork(groups.flatMap((group) => group.points.map((point) => point.node.params))),
    metric,
    axes: Object.keys(plan.axes),
    baseline,
    select: plan.select ?? 'last',
    rows: options.sort ? bestFirst(adjusted(rows), metric) : adjusted(rows),
  };
}

/** Rows without a mean last. */
function bestFirst(rows: readonly TableRow[], metric: string): TableRow[] {
  return [...rows].sort(({ summary: a }, { summary: b }) => {
    if (!a || !b) return Number(!a) - Number(!b);
    return a.mean === b.mean ? 0 : isBetter(metric, a.mean, b.mean) ? -1 : 1;
  });
}

function baselineOf(plan: Plan, by: string | undefined): Record<string, string> {
  if (by === undefined) return { ...plan.baseline };
  const label = plan.baseline?.[by] ?? plan.axes[by]?.[0];
  return label === undefined ? {} : { [by]: label };
}

/** Rows that are compared with each other stand together: the other axes vary slowest. */
function inOrder(groups: readonly Group[], plan: Plan, compared: readonly string[]): Group[] {
  const names = Object.keys(plan.axes);
  const slowestFirst = [...names.filter((axis) => !compared.includes(axis)), ...compared];
  const rank = (group: Group, axis: string) => plan.axes[axis]?.indexOf(group.cell.axes[axis] ?? '') ?? -1;
  return [...groups].sort((a, b) => {
    for (const axis of slowestFirst) {
      const order = rank(a, axis) - rank(b, axis);
      if (order !== 0) return order;
    }
    return 0;
  });
}

function rowOf(
  group: Group,
  groups: readonly Group[],
  baseline: Readonly<Record<string, string>>,
  mishaps: Mishaps,
): TableRow {
  const { cell, stage } = group;
  const end = group.end && summarise(bySet(group.end));
  const named = Object.entries(baseline);
  const isBaseline = named.length > 0 && named.every(([axis, label]) => cell.axes[axis] === label);
  const found = isBaseline ? undefined : differenceFrom(group, counterpart(group, groups, baseline));
  return {
    cell: cell.id,
    axes: cell.axes,
    stage,
    ...summaryOf(group, mishaps),
    isBaseline,
    ...(group.curve.length > 0 && { curve: curveOf(group) }),
    ...(end && { end }),
    ...(found && { difference: found }),
  };
}

function curveOf({ curve }: Group): NonNullable<TableRow['curve']> {
  return curve.flatMap(({ at, points }) => {
    const summary = summarise(bySet(points));
    return summary ? [{ at, evaluated: points.filter(hasValue).length, summary }] : [];
  });
}

function counterpart(
  group: Group,
  groups: readonly Group[],
  baseline: Readonly<Record<string, string>>,
): Group | undefined {
  if (Object.keys(baseline).length === 0) return undefined;
  const wanted = { ...group.cell.axes, ...baseline };
  const axes = Object.keys(wanted);
  return groups.find(
    (other) =>
      other.stage === group.stage &&
      Object.keys(other.cell.axes).length === axes.length &&
      axes.every((axis) => other.cell.axes[axis] === wanted[axis]),
  );
}

/** One family: all differences of the table. */
function adjusted(rows: readonly TableRow[]): TableRow[] {
  const ps = rows.flatMap((row) => (row.difference?.p === undefined ? [] : [row.difference.p]));
  const byRow = holm(ps);
  let next = 0;
  return rows.map((row) => {
    if (row.difference?.p === undefined) return row;
    return { ...row, difference: { ...row.difference, adjustedP: byRow[next++] ?? 1 } };
  });
}
