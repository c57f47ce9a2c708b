/**
 * The evaluations of a plan, gathered by cell and stage, and what may be said of two such groups. A difference is paired
 * only where set k of both really shares its draws: equal seeds and an equal evaluation, set by set and network by
 * network.
 */
import { canonicalJson } from '../../base/canonical-json.ts';
import type { Json } from '../../base/json.ts';
import type { Metrics } from '../events.ts';
import { isBetter } from '../plan/direction.ts';
import type { NodeUse, Plan, PlanNode } from '../plan/plan.ts';
import { type Difference, difference, type SetValues, type Summary, summarise } from './statistics.ts';

export type Figures = (node: PlanNode) => Metrics | undefined;

/** One evaluation of one row. */
export interface Point {
  readonly set: number;
  readonly evaluation: number;
  readonly node: PlanNode;
  readonly value: number | undefined;
}

export interface Group {
  readonly cell: Plan['cells'][number];
  readonly stage: string;
  /** At the end of what is evaluated, or at the best snapshot of each set where the experiment selects that. */
  readonly points: readonly Point[];
  /** At the end, where `points` are of the best snapshots. */
  readonly end?: readonly Point[];
  /** The same at every snapshot that is evaluated, the earliest first; the end is not among them. */
  readonly curve: readonly CurvePoint[];
}

export interface CurvePoint {
  /** Steps of the stage that took the snapshot. */
  readonly at: number;
  readonly points: readonly Point[];
}

/** What can be shown: every figure that a node of the plan has recorded, those of evaluations first. */
export function metricNames(plan: Plan, figures: Figures): string[] {
  const nodes = [...plan.nodes.filter(evaluates), ...plan.nodes.filter((node) => !evaluates(node))];
  return [...new Set(nodes.flatMap((node) => Object.keys(figures(node) ?? {})))];
}

export function evaluates(node: PlanNode): boolean {
  return node.outputs.includes('metrics');
}

export function groupsOf(plan: Plan, figures: Figures, metric: string): Group[] {
  const cells = new Map(plan.cells.map((cell) => [cell.id, cell]));
  const groups = new Map<string, Gathered>();
  for (const node of plan.nodes) {
    // What joins the shards has the figures of the stage.
    if (node.manifest.shard) continue;
    const value = figures(node)?.[metric];
    if (!evaluates(node) && value === undefined) continue;
    for (const use of node.uses) {
      const cell = cells.get(use.cell);
      if (!cell) throw new Error(`Internal error: expected a cell of the plan, got ${use.cell}`);
      const name = `${use.cell}/${use.stage}`;
      const group = groups.get(name) ?? { cell, stage: use.stage, byStep: new Map<number, Point[]>() };
      const step = use.at ?? END;
      const points = group.byStep.get(step) ?? [];
      points.push({ ...replicateOf(use), node, value });
      group.byStep.set(step, points);
      groups.set(name, group);
    }
  }
  return [...groups.values()].flatMap(({ cell, stage, byStep }) => {
    const end = byStep.get(END);
    // Figures of a stage that was stopped after a snapshot: it is no row of its own.
    if (!end) return [];
    const curve = [...byStep]
      .filter(([at]) => at !== END)
      .sort(([a], [b]) => a - b)
      .map(([at, points]) => ({ at, points }));
    if (plan.select !== 'best') return [{ cell, stage, points: end, curve }];
    return [{ cell, stage, points: bestOfEachSet(end, curve, metric), end, curve }];
  });
}

interface Gathered {
  readonly cell: Plan['cells'][number];
  readonly stage: string;
  readonly byStep: Map<number, Point[]>;
}

const END = Number.POSITIVE_INFINITY;

/** A set whose end lacks figures shows that: the best of a part of a run is not the best of the run. */
function bestOfEachSet(end: readonly Point[], curve: readonly CurvePoint[], metric: string): Point[] {
  return [...new Set(end.map(({ set }) => set))].flatMap((set) => {
    const ofSet = (points: readonly Point[]) => points.filter((point) => point.set === set);
    const last = ofSet(end);
    if (!last.every(hasValue)) return last;
    const snapshots = curve
      .map(({ points }) => ofSet(points))
      .filter((points) => points.length > 0 && points.every(hasValue));
    return snapshots.reduce((best, next) => (isBetter(metric, mean(next), mean(best)) ? next : best), last);
  });
}

function mean(points: readonly Point[]): number {
  return points.reduce((sum, { value = Number.NaN }) => sum + value, 0) / points.length;
}

function replicateOf(use: NodeUse): { set: number; evaluation: number } {
  return { set: use.set ?? 1, evaluation: use.evaluation ?? 1 };
}

export function differenceFrom(ours: Group, theirs: Group | undefined): Difference | undefined {
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

export function hasValue(point: Point): boolean {
  return point.value !== undefined;
}

function protocol({ node }: Point): string {
  const { stage, version, params, seed } = node.manifest;
  return canonicalJson({ stage, version, params, seed: { ...seed } } as Json);
}

export function bySet(points: readonly Point[]): SetValues[] {
  const sets = new Map<number, number[]>();
  for (const { set, value } of points) {
    const values = sets.get(set) ?? [];
    if (value !== undefined) values.push(value);
    sets.set(set, values);
  }
  return [...sets].map(([set, values]) => ({ set, values }));
}

/** What happened to nodes in a run, where a run is known: ids of those that failed or lack what failed, and those pruned. */
export interface Mishaps {
  readonly failed?: ReadonlySet<string>;
  readonly pruned?: ReadonlySet<string>;
}

/**
 * `failed` and `pruned` where a figure lacks for that reason in the run looked at; `incomplete` and `missing` where some
 * or all figures lack and nobody knows why.
 */
export type GroupState = 'complete' | 'incomplete' | 'failed' | 'pruned' | 'missing';

export interface GroupSummary {
  readonly state: GroupState;
  /** Evaluations with a figure, and those of the plan. */
  readonly evaluated: number;
  readonly planned: number;
  readonly summary?: Summary;
}

export function summaryOf({ points }: Group, { failed, pruned }: Mishaps = {}): GroupSummary {
  const lacking = points.filter((point) => !hasValue(point));
  const evaluated = points.length - lacking.length;
  const any = (ids: ReadonlySet<string> | undefined) => lacking.some(({ node }) => ids?.has(node.id));
  const summary = summarise(bySet(points));
  return {
    state:
      lacking.length === 0
        ? 'complete'
        : any(failed)
          ? 'failed'
          : any(pruned)
            ? 'pruned'
            : evaluated > 0
              ? 'incomplete'
              : 'missing',
    evaluated,
    planned: points.length,
    ...(summary && { summary }),
  };
}
