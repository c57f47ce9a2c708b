/**
 * What every cell of a grid cost, next to what came out. Cells share nodes, so there is no one answer, and all are given:
 *
 *     full        everything that the cell needs, as if it had been run alone
 *     marginal    only what no other cell needs: what leaving it out would have saved
 *     cumulative  of this cell and all before it, every node once: what had been spent by then
 *
 * Seconds are those in the records of the nodes, over all attempts, whoever computed them and when. Pure.
 */
import type { Plan, PlanNode } from '../plan/plan.ts';

export interface CellCost {
  readonly cell: string;
  readonly axes: Readonly<Record<string, string>>;
  /** Mean over the evaluations of a set, then over the sets; undefined where nothing has come out yet. */
  readonly figure?: number;
  readonly fullSeconds: number;
  readonly marginalSeconds: number;
  readonly cumulativeSeconds: number;
  /** Nodes that are not computed yet, so that the seconds are too few. */
  readonly missing: number;
}

export interface CostSources {
  /** What a node took; undefined where it has not been computed. */
  seconds(node: PlanNode): number | undefined;
  /** The figure of a node that counts; undefined for nodes that have none. */
  figure(node: PlanNode): number | undefined;
}

/** In the order of the grid. */
export function costOfCells(plan: Plan, { seconds, figure }: CostSources): CellCost[] {
  const nodes = nodesByCell(plan);
  const users = new Map<PlanNode, number>();
  for (const set of nodes.values()) for (const node of set) users.set(node, (users.get(node) ?? 0) + 1);
  const counted = new Set<PlanNode>();
  let cumulativeSeconds = 0;
  return plan.cells.map(({ id, axes }) => {
    let [fullSeconds, marginalSeconds, missing] = [0, 0, 0];
    for (const node of nodes.get(id) ?? []) {
      const took = seconds(node);
      if (took === undefined) {
        missing++;
        continue;
      }
      fullSeconds += took;
      if (users.get(node) === 1) marginalSeconds += took;
      if (!counted.has(node)) cumulativeSeconds += took;
      counted.add(node);
    }
    const mean = meanOf(id, [...(nodes.get(id) ?? [])], figure);
    return {
      cell: id,
      axes,
      ...(mean !== undefined && { figure: mean }),
      fullSeconds,
      marginalSeconds,
      cumulativeSeconds,
      missing,
    };
  });
}

/** The nodes that a cell uses, with all that stands upstream of them. */
function nodesByCell(plan: Plan): Map<string, Set<PlanNode>> {
  const byId = new Map(plan.nodes.map((node) => [node.id, node]));
  const found = new Map<string, Set<PlanNode>>(plan.cells.map(({ id }) => [id, new Set()]));
  const add = (set: Set<PlanNode>, node: PlanNode): void => {
    if (set.has(node)) return;
    set.add(node);
    for (const id of Object.values(node.inputs)) {
      const upstream = byId.get(id);
      if (upstream) add(set, upstream);
    }
  };
  for (const node of plan.nodes)
    for (const { cell } of node.uses) {
      const set = found.get(cell);
      if (set) add(set, node);
    }
  return found;
}

function meanOf(cell: string, nodes: readonly PlanNode[], figure: CostSources['figure']): number | undefined {
  const bySet = new Map<number, number[]>();
  for (const node of nodes) {
    const value = figure(node);
    if (value === undefined) continue;
    for (const use of node.uses) {
      if (use.cell !== cell) continue;
      const set = use.set ?? 1;
      bySet.set(set, [...(bySet.get(set) ?? []), value]);
    }
  }
  return bySet.size === 0 ? undefined : mean([...bySet.values()].map(mean));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
