/**
 * A node as people name it: its id in the run last at work that has it, `RUN/NODE` for that of a certain run, or the beginning of
 * its key.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import { nearest } from '../config/nearest.ts';
import type { PlanNode } from '../plan/plan.ts';
import { allKeys } from '../store/keys.ts';
import { readPlanNode } from '../store/plan-text.ts';
import { lookAtRun, openRun, planPath, type RunFolder, runsByWork } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { findRunId } from './find-run.ts';

export interface FoundNode {
  readonly key: string;
  /** Its id where a run has it, else the beginning of its key. */
  readonly name: string;
  readonly run?: RunFolder;
  /** As that run planned it. */
  readonly node?: PlanNode;
}

export function findNode(store: Store, name: string): Result<FoundNode> {
  const runs = runsNamedIn(store, name);
  if (!runs.ok) return runs;
  const { among, node } = runs.value;
  for (const run of among) {
    const found = nodeOf(run, node);
    if (found) return ok({ key: found.key, name: found.id, run, node: found });
  }
  const keys = allKeys(store).filter((key) => isBeginning(node, key));
  const [key] = keys;
  if (key !== undefined && keys.length === 1) return ok({ key, name: key.slice(0, 12) });
  const known = [...new Set([...among].flatMap(({ id }) => idsOf(store, id)))];
  const near = nearest(node, known);
  return fail('STORE_NODE_MISSING', `No run of this store has a node \`${node}\`.`, {
    place: store.folder,
    help: near
      ? `Did you mean \`${near}\`?`
      : 'Nodes are named as `retort plan` and the events name them, or by the beginning of a key.',
  });
}

/** Those last at work first. */
function runsNamedIn(store: Store, name: string): Result<{ among: Iterable<RunFolder>; node: string }> {
  const slash = name.indexOf('/');
  // One after the other: plans are big, and mostly the first has the node.
  if (slash < 0) return ok({ among: { [Symbol.iterator]: () => lastAtWorkFirst(store) }, node: name });
  const run = findRunId(store, name.slice(0, slash));
  return run.ok ? ok({ among: [lookAtRun(store, run.value)], node: name.slice(slash + 1) }) : run;
}

function* lastAtWorkFirst(store: Store): Generator<RunFolder> {
  for (const id of runsByWork(store).reverse()) yield lookAtRun(store, id);
}

function idsOf(store: Store, run: string): string[] {
  const opened = openRun(store, run);
  return opened.ok ? opened.value.plan.nodes.map(({ id }) => id) : [];
}

function isBeginning(text: string, key: string): boolean {
  return /^[0-9a-f]{6,64}$/.test(text) && key.startsWith(text);
}

function nodeOf({ store, id }: RunFolder, name: string): PlanNode | undefined {
  const key = isBeginning(name, name) ? { key: name } : {};
  const found = readPlanNode(planPath(store, id), { id: name, ...key });
  if (found) return found.node;
  const run = openRun(store, id);
  return run.ok ? run.value.plan.nodes.find(({ id, key }) => id === name || isBeginning(name, key)) : undefined;
}
