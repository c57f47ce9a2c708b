/** `--only` of a command line: the nodes that it means in all plans, and a plan of nothing but these and what they need. */
import type { Plan } from '../plan/plan.ts';
import { selectNodes, withUpstream } from '../plan/select.ts';
import type { Arguments } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { tellFailure } from './output.ts';
import type { Told } from './told.ts';

/** Undefined without the flag. */
export function selected(plans: readonly Plan[], args: Arguments): Told<ReadonlySet<string> | undefined> {
  const glob = args.text('only');
  if (glob === undefined) return { ok: true, value: undefined };
  const nodes = selectNodes(plans, glob);
  if (nodes.ok) return nodes;
  tellFailure(nodes.error);
  return { ok: false, exit: EXIT.usage };
}

export function restricted(plan: Plan, only: ReadonlySet<string> | undefined): Plan {
  if (!only) return plan;
  const wanted = withUpstream(plan.nodes, only);
  return { ...plan, nodes: plan.nodes.filter(({ id }) => wanted.has(id)) };
}
