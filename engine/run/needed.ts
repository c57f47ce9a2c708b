/**
 * Which nodes a run has to compute. What is in the store is taken from there, and what stands only upstream of such nodes
 * is not missed: a result without readers is what an experiment is run for.
 */
import type { PlanNode } from '../plan/plan.ts';

/** In the order of the plan, so that every node comes after its inputs. `selected` stands for the results, by id. */
export function neededNodes(
  nodes: readonly PlanNode[],
  isHit: (node: PlanNode) => boolean,
  selected?: ReadonlySet<string>,
): PlanNode[] {
  const wanted = new Set(selected ?? results(nodes));
  // Readers come after what they read, so one pass from the end meets every reader first.
  const needed: PlanNode[] = [];
  for (const node of [...nodes].reverse()) {
    if (!wanted.has(node.id) || isHit(node)) continue;
    needed.push(node);
    for (const id of Object.values(node.inputs)) wanted.add(id);
  }
  return needed.reverse();
}

function results(nodes: readonly PlanNode[]): string[] {
  const read = new Set(nodes.flatMap((node) => Object.values(node.inputs)));
  return nodes.filter(({ id }) => !read.has(id)).map(({ id }) => id);
}
