/**
 * A node as people name it: its id in the run last at work that has it, also without the names of its axes; `RUN/NODE` for that
 * of a certain run; or the beginning of its key.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import { nearest } from '../config/nearest.ts';
import { isShortFor } from '../plan/node-ids.ts';
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
  const known = new Set<string>();
  for (const run of among) {
    const nodes = nodesOf(store, run.id);
    for (const { id } of nodes) known.add(id);
    const short = nodes.filter(({ id }) => isShortFor(node, id));
    const [only] = short;
    if (only && short.length === 1) return ok({ key: only.key, name: only.id, run, node: only });
  }
  const elsewhere = name === node ? [] : runsWith(store, node);
  const [other] = elsewhere;
  if (other !== undefined)
    return fail('STORE_NODE_MISSING', `Run \`${[...among][0]?.id}\` has no node \`${node}\`.`, {
      place: store.folder,
      help: `It is in ${runsListed(elsewhere)}: \`${other}/${node}\`.`,
    });
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

function nodesOf(store: Store, run: string): readonly PlanNode[] {
  const opened = openRun(store, run);
  return opened.ok ? opened.value.plan.nodes : [];
}

/** Those last at work first. */
export function runsWith(store: Store, node: string): string[] {
  return [...lastAtWorkFirst(store)].filter((run) => nodeOf(run, node)).map(({ id }) => id);
}

const MOST = 4;

export function runsListed(runs: readonly string[]): string {
  const more = runs.length - MOST;
  return `${runs.length === 1 ? 'run' : 'runs'} ${runs.slice(0, MOST).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
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
