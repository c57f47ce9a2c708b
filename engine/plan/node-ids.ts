/**
 * Readable, unique names of nodes: `distil[method=dm,set=2]`. A name has the axes on which the node really depends: those
 * that the stage or anything upstream names, without those on which the node's uses differ (it is the same node there).
 */
import type { NodeUse } from './plan.ts';

export interface Naming {
  readonly key: string;
  readonly uses: readonly NodeUse[];
  /** Axes of the matrix that the stage of the first use, or anything upstream of it, names. */
  readonly axes: readonly string[];
}

type Labels = Readonly<Record<string, string>>;

/** Names in the order of the nodes. `labels` gives a cell's axes by its id. */
export function nodeIds(nodes: readonly Naming[], labels: (cell: string) => Labels): string[] {
  const short = nodes.map((node) => nameOf(node, constantAxes(node, labels), labels));
  const count = new Map<string, number>();
  for (const id of short) count.set(id, (count.get(id) ?? 0) + 1);
  // Two nodes that share a short name are told apart by every axis of the cell where each is first used.
  return nodes.map((node, index) => {
    const id = short[index] as string;
    return count.get(id) === 1 ? id : nameOf(node, Object.keys(labels(firstUse(node).cell)), labels);
  });
}

function constantAxes(node: Naming, labels: (cell: string) => Labels): string[] {
  const first = firstUse(node);
  const own = labels(first.cell);
  const uses = node.uses.filter((use) => use.stage === first.stage);
  return node.axes.filter((axis) => axis in own && uses.every((use) => labels(use.cell)[axis] === own[axis]));
}

function nameOf(node: Naming, axes: readonly string[], labels: (cell: string) => Labels): string {
  const { cell, stage, set, evaluation } = firstUse(node);
  const own = labels(cell);
  const parts = axes.map((axis) => `${axis}=${own[axis]}`);
  if (set !== undefined) parts.push(`set=${set}`);
  if (evaluation !== undefined) parts.push(`evaluation=${evaluation}`);
  return parts.length === 0 ? stage : `${stage}[${parts.join(',')}]`;
}

function firstUse(node: Naming): NodeUse {
  const [use] = node.uses;
  if (!use) throw new Error('Internal error: expected a node to have a use');
  return use;
}
