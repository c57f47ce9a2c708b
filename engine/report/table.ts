/**
 * The grid as a table: plan + figures of nodes → one row for each cell and evaluating stage. Pure, and made from nothing
 * but what the keys of the plan's nodes hold, so that equal results give equal tables however the run went.
 *
 * Differences are from the row that shares every other axis with the baseline. They are paired only where set k of both
 * rows really shares its draws: equal seeds and an equal evaluation, set by set and network by network.
 */
import { canonicalJson } from '../../base/canonical-json.ts';
import type { Json } from '../../base/json.ts';
import type { Metrics } from '../events.ts';
import type { NodeUse, Plan, PlanNode } from '../plan/plan.ts';
import { describeNetwork } from './network-wording.ts';
import { type Difference, difference, holm, type SetValues, type Summary, summarise } from './statistics.ts';

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
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  readonly cell: string;
  readonly axes: Readonly<Record<string, string>>;
  readonly stage: string;
  /** `failed` where a node failed or could not be run in the run just made; `incomplete` and `missing` where figures lack. */
  readonly state: 'complete' | 'incomplete' | 'failed' | 'missing';
  /** Evaluations with a figure, and those of the plan. */
  readonly evaluated: number;
  readonly planned: number;
  readonly summary?: Summary;
  readonly isBaseline: boolean;
  readonly difference?: Difference & {
    /** Adjusted for all differences of the table (Holm); equal to `p` with one. */
    readonly adjustedP?: number;
  };
}

export interface TableOptions {
  /** The experiment's own, else the first figure of the first evaluation. */
  readonly metric?: string;
  /** The axis along which rows are compared; the experiment's baseline otherwise. */
  readonly by?: string;
  /** Ids of nodes that failed or could not be run. */
  readonly failed?: ReadonlySet<string>;
}

export type Figures = (node: PlanNode) => Metrics | undefined;

/** One evaluation of one row. */
interface Point {
  readonly set: number;
  readonly evaluation: number;
  readonly node: PlanNode;
  readonly value: number | undefined;
}

interface Group {
  readonly cell: Plan['cells'][number];
  readonly stage: string;
  readonly points: Point[];
}

export function resultTable(plan: Plan, figures: Figures, options: TableOptions = {}): ResultTable {
  const metric = options.metric ?? plan.metric ?? metricNames(plan, figures)[0] ?? 'accuracy';
  const baseline = baselineOf(plan, options.by);
  const groups = inOrder(groupsOf(plan, figures, metric), plan, Object.keys(baseline));
  const rows = groups.map((group) => rowOf(group, groups, baseline, options.failed ?? new Set()));
  return {
    schema: 'retort-table/1',
    experiment: plan.experiment,
    data: plan.data,
    backend: plan.backend,
    network: describeNetwork(groups.flatMap((group) => group.points.map((point) => point.node.params))),
    metric,
    axes: Object.keys(plan.axes),
    baseline,
    rows: adjusted(rows),
  };
}

/** What can be shown: every figure that a node of the plan has recorded, those of evaluations first. */
export function metricNames(plan: Plan, figures: Figures): string[] {
  const nodes = [...plan.nodes.filter(evaluates), ...plan.nodes.filter((node) => !evaluates(node))];
  return [...new Set(nodes.flatMap((node) => Object.keys(figures(node) ?? {})))];
}

function evaluates(node: PlanNode): boolean {
  return node.outputs.includes('metrics');
}

function baselineOf(plan: Plan, by: string | undefined): Record<string, string> {
  if (by === undefined) return { ...plan.baseline };
  const label = plan.baseline?.[by] ?? plan.axes[by]?.[0];
  return label === undefined ? {} : { [by]: label };
}

function groupsOf(plan: Plan, figures: Figures, metric: string): Group[] {
  const cells = new Map(plan.cells.map((cell) => [cell.id, cell]));
  const groups = new Map<string, Group>();
  for (const node of plan.nodes) {
    const value = figures(node)?.[metric];
    if (!evaluates(node) && value === undefined) continue;
    for (const use of node.uses) {
      const cell = cells.get(use.cell);
      if (!cell) throw new Error(`Internal error: expected a cell of the plan, got ${use.cell}`);
      const name = `${use.cell}/${use.stage}`;
      const group = groups.get(name) ?? { cell, stage: use.stage, points: [] };
      group.points.push({ ...replicateOf(use), node, value });
      groups.set(name, group);
    }
  }
  return [...groups.values()];
}

function replicateOf(use: NodeUse): { set: number; evaluation: number } {
  return { set: use.set ?? 1, evaluation: use.evaluation ?? 1 };
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
  failed: ReadonlySet<string>,
): TableRow {
  const { cell, stage, points } = group;
  const summary = summarise(bySet(points));
  const evaluated = points.filter((point) => point.value !== undefined).length;
  const anyFailed = points.some((point) => point.value === undefined && failed.has(point.node.id));
  const named = Object.entries(baseline);
  const isBaseline = named.length > 0 && named.every(([axis, label]) => cell.axes[axis] === label);
  const found = isBaseline ? undefined : differenceFrom(group, counterpart(group, groups, baseline));
  return {
    cell: cell.id,
    axes: cell.axes,
    stage,
    state: evaluated === points.length ? 'complete' : anyFailed ? 'failed' : evaluated > 0 ? 'incomplete' : 'missing',
    evaluated,
    planned: points.length,
    ...(summary && { summary }),
    isBaseline,
    ...(found && { difference: found }),
  };
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

function differenceFrom(ours: Group, theirs: Group | undefined): Difference | undefined {
  if (!theirs) return undefined;
  const paired = pairsOf(ours.points, theirs.points);
  const all = { ours: bySet(ours.points), theirs: bySet(theirs.points) };
  const used = paired ?? all;
  const [a, b] = [summarise(used.ours), summarise(used.theirs)];
  return a && b && difference(a, b, paired !== undefined);
}

/** The evaluations that both have, or undefined where one of them does not share seed and protocol with its partner. */
function pairsOf(
  ours: readonly Point[],
  theirs: readonly Point[],
): { readonly ours: SetValues[]; readonly theirs: SetValues[] } | undefined {
  const place = (point: Point) => `${point.set}/${point.evaluation}`;
  const others = new Map(theirs.filter(hasValue).map((point) => [place(point), point]));
  const common = ours.filter(hasValue).flatMap((point) => {
    const other = others.get(place(point));
    return other ? [{ point, other }] : [];
  });
  if (common.length === 0 || !common.every(({ point, other }) => protocol(point) === protocol(other))) return undefined;
  return { ours: bySet(common.map(({ point }) => point)), theirs: bySet(common.map(({ other }) => other)) };
}

function hasValue(point: Point): boolean {
  return point.value !== undefined;
}

function protocol({ node }: Point): string {
  const { stage, version, params, seed } = node.manifest;
  return canonicalJson({ stage, version, params, seed: { ...seed } } as Json);
}

function bySet(points: readonly Point[]): SetValues[] {
  const sets = new Map<number, number[]>();
  for (const { set, value } of points) {
    const values = sets.get(set) ?? [];
    if (value !== undefined) values.push(value);
    sets.set(set, values);
  }
  return [...sets].map(([set, values]) => ({ set, values }));
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
