/**
 * Which nodes of which runs a key is: people know `distil[method=dm]` of a run, not digests. From the frozen plans of all
 * runs; a key that no run of the store has (another store's, or one whose run was removed) has no name.
 */
import { keyPath, readRecord } from './keys.ts';
import { allRuns, openRun } from './runs.ts';
import type { Store } from './store.ts';

export interface NodeName {
  /** The newest run that has it. */
  readonly run: string;
  readonly node: string;
  readonly stage: string;
  /** How many runs have it. */
  readonly runs: number;
}

export function nodeNames(store: Store): Map<string, NodeName> {
  const names = new Map<string, NodeName>();
  for (const run of allRuns(store)) {
    const opened = openRun(store, run);
    if (!opened.ok) continue;
    for (const { id, key, manifest } of opened.value.plan.nodes)
      names.set(key, { run, node: id, stage: manifest.stage, runs: (names.get(key)?.runs ?? 0) + 1 });
  }
  return names;
}

/** `distil[method=dm] of run 2026…`, or what can be said of a key without a run. */
export function sayNode(store: Store, names: ReadonlyMap<string, NodeName>, key: string): string {
  const name = names.get(key);
  if (name) return `${name.node} of run ${name.run}`;
  const stage = readRecord(keyPath(store, key), key)?.manifest.stage;
  return `${stage ? `a node of stage ${stage}` : 'a node'} that no run here has (key ${key.slice(0, 12)})`;
}
