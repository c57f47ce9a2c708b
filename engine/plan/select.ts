/** `--only GLOB`: nodes by their whole id (`distil[method=dm,set=2]`) or by the name of their stage (`distil`). */
import { matchesGlob } from '../../base/glob.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { isShortFor } from './node-ids.ts';
import type { Plan, PlanNode } from './plan.ts';

/** Ids; what they need is found by whoever runs them. */
export function selectNodes(plans: readonly Plan[], glob: string): Result<ReadonlySet<string>> {
  const nodes = plans.flatMap(({ nodes }) => nodes);
  const matching = nodes.filter(
    ({ id, uses }) =>
      matchesGlob(id, glob) || isShortFor(glob, id) || uses.some(({ stage }) => matchesGlob(stage, glob)),
  );
  if (matching.length > 0) return ok(new Set(matching.map(({ id }) => id)));
  const stages = [...new Set(nodes.flatMap(({ uses }) => uses.map(({ stage }) => stage)))];
  return fail('NODE_UNKNOWN', `No node of the plan matches \`--only ${glob}\`.`, {
    help: `Stages: ${stages.map((stage) => `\`${stage}\``).join(', ')}; nodes have names like \`${nodes[0]?.id ?? ''}\`.`,
  });
}

/** The nodes with all that stands upstream of them. */
export function withUpstream(nodes: readonly PlanNode[], ids: ReadonlySet<string>): ReadonlySet<string> {
  const all = new Set(ids);
  for (const node of [...nodes].reverse())
    if (all.has(node.id)) for (const id of Object.values(node.inputs)) all.add(id);
  return all;
}
