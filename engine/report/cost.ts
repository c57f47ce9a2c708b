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
  const works = new Map([...nodes].map(([cell, set]) => [cell, workOf(set, seconds)]));
  const most = mostByWork(works);
  const spent = new Map<string, number>();
  let cumulativeSeconds = 0;
  return plan.cells.map(({ id, axes }) => {
    const { takes, missing } = works.get(id) ?? { takes: new Map<string, number>(), missing: 0 };
    let [fullSeconds, marginalSeconds] = [0, 0];
    for (const [work, took] of takes) {
      fullSeconds += took;
      marginalSeconds += Math.max(0, took - (most.get(work)?.find(({ cell }) => cell !== id)?.took ?? 0));
      cumulativeSeconds += Math.max(0, took - (spent.get(work) ?? 0));
      spent.set(work, Math.max(took, spent.get(work) ?? 0));
    }
    const mean = meanOf(id, [...(nodes.get(id) ?? [])], figure);
    return {
      ...{ cell: id, axes },
      ...(mean !== undefined && { figure: mean }),
      ...{ fullSeconds, marginalSeconds, cumulativeSeconds, missing },
    };
  });
}

interface Work {
  /** Seconds by piece of work. */
  readonly takes: ReadonlyMap<string, number>;
  readonly missing: number;
}

/** A node is a piece of work; nodes of one chain are one piece, as long as the longest of them. */
function workOf(nodes: ReadonlySet<PlanNode>, seconds: CostSources['seconds']): Work {
  const takes = new Map<string, number>();
  let missing = 0;
  for (const node of nodes) {
    const took = seconds(node);
    if (took === undefined) {
      missing++;
      continue;
    }
    const work = node.chain?.id ?? node.key;
    takes.set(work, Math.max(took, takes.get(work) ?? 0));
  }
  return { takes, missing };
}

/** The two cells that need most of each piece, so that the most of all others is known for any cell. */
function mostByWork(works: ReadonlyMap<string, Work>): Map<string, { readonly cell: string; readonly took: number }[]> {
  const most = new Map<string, { readonly cell: string; readonly took: number }[]>();
  for (const [cell, { takes }] of works)
    for (const [work, took] of takes)
      most.set(work, [...(most.get(work) ?? []), { cell, took }].sort((a, b) => b.took - a.took).slice(0, 2));
  return most;
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
    if (value === undefined || node.manifest.shard) continue;
    for (const use of node.uses) {
      // A snapshot's evaluation is a point of a curve, not the cell's result.
      if (use.cell !== cell || use.at !== undefined) continue;
      const set = use.set ?? 1;
      bySet.set(set, [...(bySet.get(set) ?? []), value]);
    }
  }
  return bySet.size === 0 ? undefined : mean([...bySet.values()].map(mean));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
