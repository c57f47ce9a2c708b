/**
 * The way of one node through a store, with a toy for a stage: what a driver and a child do together, in one process and
 * a tenth of a second. Tests kill it at every fault point and run it again. As a program: `rehearsal.js STORE`; with
 * `contend KEY` it only tries for a lease, says `taken` or `held`, and keeps what it has until its input ends.
 */
import { argv, stdin } from 'node:process';
import { fileURLToPath } from 'node:url';
import { unwrap } from '../../base/result.ts';
import type { State } from '../../stages/stage.ts';
import { floats, ints } from '../../tensor/tensor.ts';
import { cacheKey } from '../plan/key.ts';
import type { Plan, PlanNode } from '../plan/plan.ts';
import { newestCheckpoint, removeCheckpoints, writeCheckpoint } from './checkpoints.ts';
import { openEventLog } from './event-log.ts';
import { fault } from './faults.ts';
import { commitKey, type KeyRecord, readKey } from './keys.ts';
import { type Lease, takeLease } from './leases.ts';
import { putObject } from './objects.ts';
import { newAttempt, publishArtifacts } from './publish.ts';
import { createRun, finishRun, newestUnfinishedRun, planDigest, runsOfPlan } from './runs.ts';
import { openStore, type Store } from './store.ts';

export const STEPS = 4;

export function rehearsalPlan(name = 'a rehearsal'): Plan {
  const node = (id: string, imagesPerClass: number): PlanNode => {
    const params = { imagesPerClass };
    const manifest = { v: 1, stage: 'toy', version: 1, params, seed: { base: 1 }, inputs: {}, numerics: {} } as const;
    const key = cacheKey(manifest);
    return { id, key, manifest, params, threads: 1, outputs: ['images'], inputs: {}, uses: [] };
  };
  return {
    schema: 'retort-plan/1',
    experiment: { name, file: 'rehearsal.yaml' },
    data: { set: 'none', digest: '0'.repeat(64), description: 'none' },
    backend: 'reference',
    numerics: {},
    replicates: { sets: 1, evaluations: 1 },
    axes: {},
    cells: [],
    nodes: [node('toy[images=1,set=1]', 1), node('toy[images=10,set=1]', 10)],
  };
}

/** Continues what an earlier one left; gives the records in the order of the nodes. */
export function rehearse(folder: string): KeyRecord[] {
  const store = unwrap(openStore(folder, { create: true }));
  const plan = rehearsalPlan();
  const earlier = newestUnfinishedRun(store, runsOfPlan(store, planDigest(plan)));
  const run = earlier ?? createRun(store, plan, { name: plan.experiment.name });
  const log = openEventLog(run);
  const emit = (event: object) => log.append({ at: new Date().toISOString(), ...event } as never);
  emit({ type: 'run-started', run: run.id, folder: run.folder, plan, continues: earlier !== undefined });
  let hits = 0;
  const records = plan.nodes.map((node) => {
    let record = readKey(store, node.key);
    if (record) {
      hits++;
      // A kill right after the commit leaves them.
      removeCheckpoints(store, node.key);
      emit({ type: 'node-hit', node: node.id, metrics: record.metrics, seconds: record.seconds });
    } else {
      const { attempt, log: path } = newAttempt(run, node.id);
      const fromStep = newestCheckpoint(store, node.key)?.step ?? 0;
      emit({ type: 'node-started', node: node.id, attempt, fromStep, steps: STEPS, log: path });
      record = make(store, node, run.id);
      emit({ type: 'node-done', node: node.id, metrics: record.metrics, seconds: 0, artifacts: {} });
    }
    publishArtifacts(run, node.id, record);
    return record;
  });
  log.close();
  finishRun(run, { outcome: 'done', at: new Date().toISOString(), executed: records.length - hits, hits, seconds: 0 });
  return records;
}

function make(store: Store, node: PlanNode, run: string): KeyRecord {
  const lease = takeLease(store, node.key, { run });
  if (!lease.held) throw new Error(`Expected the lease of ${node.id} to be free, got process ${lease.pid}`);
  const newest = newestCheckpoint(store, node.key);
  fault('stage-opened');
  let state: State = newest?.state ?? { tensors: { images: floats(new Float64Array(64)) }, values: {} };
  for (let step = newest?.step ?? 0; step < STEPS; ) {
    state = toyStep(state, step++);
    fault('step-done');
    writeCheckpoint(store, node.key, { step, state }, lease);
  }
  fault('stage-finished');
  return finish(store, node, state, lease);
}

/** A chaotic map, so that any lost bit or repeated step shows at the end. */
export function toyStep({ tensors }: State, step: number): State {
  const images = Float64Array.from(tensors.images?.data ?? [], (x, i) => 3.9 * (x + (i + 1) / 100) * (1 - x) - 0.5 * x);
  return { tensors: { images: floats(images), order: ints([step, 1]) }, values: { step, mean: images[0] ?? 0 } };
}

function finish(store: Store, node: PlanNode, state: State, lease: Lease): KeyRecord {
  const put = (bytes: Uint8Array) => ({ sha256: putObject(store, bytes), bytes: bytes.length });
  const text = JSON.stringify([node.params, [...(state.tensors.images?.data ?? [])]]);
  const record: KeyRecord = {
    schema: 'retort-key/1',
    key: node.key,
    manifest: node.manifest,
    artifacts: {
      images: { 'synthetic.safetensors': put(Buffer.from(text)), 'after.png': put(Buffer.from(`png ${text}`)) },
      metrics: { 'metrics.json': put(Buffer.from('{}\n')) },
    },
    metrics: { mean: state.values.mean as number },
    seconds: 0,
    steps: STEPS,
  };
  if (!lease.check()) throw new Error('Expected to hold the lease to the end');
  commitKey(store, record);
  removeCheckpoints(store, node.key);
  lease.release();
  return record;
}

function contend(folder: string, key: string): void {
  const taken = takeLease(unwrap(openStore(folder)), key, { run: 'contention' });
  process.stdout.write(`${taken.held ? `taken ${taken.fence}` : 'held'}\n`);
  stdin.resume();
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const [, , folder = '', mode, key = ''] = argv;
  if (mode === 'contend') contend(folder, key);
  else rehearse(folder);
}
