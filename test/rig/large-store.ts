/**
 * A store with the traces of many attempts, written straight to disk: for measuring commands that look. Every node of every
 * run has its key, its attempt in the events, and its row in the index.
 *
 *     node dist/test/rig/large-store.js FOLDER [RUNS] [NODES]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unwrap } from '../../base/result.ts';
import type { RunEvent } from '../../engine/events.ts';
import { ingest, openIndex } from '../../engine/store/index.ts';
import { keyPath } from '../../engine/store/keys.ts';
import { createRun, finishRun, leaveRun } from '../../engine/store/runs.ts';
import { openStore, type Store } from '../../engine/store/store.ts';
import { trivialPlan } from './trivial-plan.ts';

export interface LargeStore {
  readonly runs: number;
  /** Of each run; as many attempts. */
  readonly nodes: number;
}

/** The last run is left unfinished, with its last node at work. */
export async function writeLargeStore(folder: string, { runs, nodes }: LargeStore): Promise<Store> {
  const store = unwrap(openStore(folder, { create: true }));
  for (let index = 0; index < runs; index++) writeRun(store, index, nodes, index === runs - 1);
  const index = unwrap(await openIndex(store));
  unwrap(ingest(index));
  index.close();
  return store;
}

function writeRun(store: Store, index: number, count: number, unfinished: boolean): void {
  const cells = Array.from({ length: count }, (_, cell) => ({ score: { steps: 100, salt: index * count + cell } }));
  const { plan } = trivialPlan({ cells });
  const run = createRun(store, plan, {});
  const at = (second: number) => new Date(Date.UTC(2026, 0, 1, index) + second * 1000).toISOString();
  const events: RunEvent[] = [
    { type: 'run-started', at: at(0), run: run.id, folder: run.folder, plan, continues: false },
  ];
  plan.nodes.forEach(({ id: node, key, manifest }, place) => {
    const log = join(run.nodeFolder(node), 'attempt-1', 'log.txt');
    events.push({ type: 'node-started', at: at(place), node, attempt: 1, fromStep: 0, steps: 100, log });
    events.push({ type: 'node-progress', at: at(place + 0.5), node, step: 50, steps: 100, figures: { loss: place } });
    if (unfinished && place === count - 1) return;
    mkdirSync(dirname(log), { recursive: true });
    writeFileSync(log, `attempt 1 of ${node}\n`);
    events.push({
      ...{ type: 'attempt-ended', at: at(place + 1), node, attempt: 1, end: 'done', wallSeconds: 1, cpuSeconds: 1 },
      ...{ peakMemory: 1 << 20, fromStep: 0, toStep: 100, savedStep: 100 },
    } as RunEvent);
    events.push({ type: 'node-done', at: at(place + 1), node, metrics: { value: place }, seconds: 1, artifacts: {} });
    const path = keyPath(store, key);
    mkdirSync(dirname(path), { recursive: true });
    const record = {
      schema: 'retort-key/1',
      key,
      manifest,
      artifacts: {},
      metrics: { value: place },
      seconds: 1,
      steps: 100,
    };
    writeFileSync(path, `${JSON.stringify(record, null, 2)}\n`);
  });
  // The time comes first, as the journal writes it.
  writeFileSync(run.events, events.map(({ at, ...event }) => `${JSON.stringify({ at, ...event })}\n`).join(''));
  if (unfinished) leaveRun(run);
  else finishRun(run, { outcome: 'done', at: at(count), executed: count, hits: 0, seconds: count });
}

const [folder, runs = '10', nodes = '1000'] = process.argv.slice(2);
if (folder !== undefined && process.argv[1]?.includes('large-store'))
  await writeLargeStore(folder, { runs: Number(runs), nodes: Number(nodes) });
