/**
 * A node as people name it: its id in the newest run that has it, `RUN/NODE` for that of a certain run, or the beginning of
 * its key.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import { nearest } from '../config/nearest.ts';
import { allKeys } from '../store/keys.ts';
import { allRuns, openRun, type RunFolder } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { findRun } from './find-run.ts';

export interface FoundNode {
  readonly key: string;
  /** Its id where a run has it, else the beginning of its key. */
  readonly name: string;
  readonly run?: RunFolder;
}

export function findNode(store: Store, name: string): Result<FoundNode> {
  const runs = runsNamedIn(store, name);
  if (!runs.ok) return runs;
  const { among, node } = runs.value;
  for (const run of among) {
    const found = run.plan.nodes.find(({ id, key }) => id === node || isBeginning(node, key));
    if (found) return ok({ key: found.key, name: found.id, run });
  }
  const keys = allKeys(store).filter((key) => isBeginning(node, key));
  const [key] = keys;
  if (key !== undefined && keys.length === 1) return ok({ key, name: key.slice(0, 12) });
  const known = [...new Set([...among].flatMap(({ plan }) => plan.nodes.map(({ id }) => id)))];
  const near = nearest(node, known);
  return fail('STORE_NODE_MISSING', `No run of this store has a node \`${node}\`.`, {
    place: store.folder,
    help: near
      ? `Did you mean \`${near}\`?`
      : 'Nodes are named as `retort plan` and the events name them, or by the beginning of a key.',
  });
}

/** Newest first. */
function runsNamedIn(store: Store, name: string): Result<{ among: Iterable<RunFolder>; node: string }> {
  const slash = name.indexOf('/');
  // One after the other: plans are big, and mostly the newest has the node.
  if (slash < 0) return ok({ among: { [Symbol.iterator]: () => newestFirst(store) }, node: name });
  const run = findRun(store, name.slice(0, slash));
  return run.ok ? ok({ among: [run.value], node: name.slice(slash + 1) }) : run;
}

function* newestFirst(store: Store): Generator<RunFolder> {
  for (const id of allRuns(store).reverse()) {
    const run = openRun(store, id);
    if (run.ok) yield run.value;
  }
}

function isBeginning(text: string, key: string): boolean {
  return /^[0-9a-f]{6,64}$/.test(text) && key.startsWith(text);
}
