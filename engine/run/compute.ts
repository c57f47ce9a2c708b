/** The missing nodes of a run, computed in their order by an executor, each with its result in the run's folder. */

import type { DataLocation } from '../../stages/stage.ts';
import type { CheckpointCadence, Executor } from '../executors/executor.ts';
import type { PlanNode } from '../plan/plan.ts';
import { readKey } from '../store/keys.ts';
import { newAttempt, publishArtifacts } from '../store/publish.ts';
import type { DrivenRun } from '../store/runs.ts';
import { attemptNode } from './attempts.ts';
import type { Indexing } from './indexing.ts';
import { joinOther } from './join.ts';
import type { Journal } from './journal.ts';
import { type Carried, type NodeEnd, runSchedule } from './schedule.ts';
import type { Tally } from './tally.ts';

export interface Computing {
  readonly run: DrivenRun;
  readonly journal: Journal;
  readonly tally: Tally;
  readonly indexing: Indexing;
  readonly signal: AbortSignal;
  readonly data: DataLocation;
  readonly concurrency: number;
  readonly failFast: boolean;
  readonly checkpoints: CheckpointCadence;
  readonly stageModules: readonly string[];
  readonly debugNan: boolean;
  readonly executor: Executor | undefined;
}

export async function computeNodes(nodes: readonly PlanNode[], computing: Computing): Promise<void> {
  const { executor: given } = computing;
  const executor = given ?? (await import('../executors/local/executor.ts')).openLocalExecutor();
  try {
    await runSchedule({
      nodes,
      concurrency: computing.concurrency,
      failFast: computing.failFast,
      signal: computing.signal,
      compute: (node, carried) => compute(node, carried, executor, computing),
      join: (node, carried) => join(node, carried, computing),
      skip(node, reason) {
        if (reason === 'cancelled') computing.tally.cancelled();
        computing.journal.emit({ type: 'node-skipped', node: node.id, reason });
      },
    });
  } finally {
    if (executor !== given) await executor.close();
  }
}

async function compute(node: PlanNode, carried: Carried, executor: Executor, computing: Computing): Promise<NodeEnd> {
  const { run, journal, tally, signal, data, checkpoints, stageModules, debugNan } = computing;
  // An attempt after a lost one is not asked for what that one has made.
  const awaited = new Map(carried.nodes.map((snapshot) => [snapshot.id, snapshot]));
  const end = await attemptNode(node, {
    executor,
    journal,
    signal,
    request: () => ({
      run: run.id,
      store: run.store.folder,
      node,
      ...newAttempt(run, node.id),
      data,
      backend: run.plan.backend,
      checkpoints,
      stageModules,
      ...(awaited.size > 0 && { snapshots: [...awaited.values()] }),
      ...(debugNan && { debugNan }),
    }),
    onSnapshot(id, computed) {
      const snapshot = awaited.get(id);
      if (!snapshot) return;
      awaited.delete(id);
      arrived(snapshot, computed, computing, node);
      carried.arrived(snapshot);
    },
    onDone: (computed) => arrived(node, computed, computing),
  });
  if (end === 'failed') tally.failed();
  return end;
}

async function join(node: PlanNode, carried: Carried, computing: Computing): Promise<'done' | 'free' | 'cancelled'> {
  const { store } = computing.run;
  const here = new Set<PlanNode>();
  const look = () => {
    for (const snapshot of carried.nodes) {
      if (here.has(snapshot) || !readKey(store, snapshot.key)) continue;
      here.add(snapshot);
      arrived(snapshot, false, computing);
      carried.arrived(snapshot);
    }
  };
  const end = await joinOther(store, node.key, computing.signal, look);
  look();
  if (end === 'done') arrived(node, false, computing);
  return end;
}

function arrived(node: PlanNode, computed: boolean, { run, journal, tally, indexing }: Computing, by?: PlanNode): void {
  const record = readKey(run.store, node.key);
  if (!record) throw new Error(`Internal error: expected the key of ${node.id} in the store`);
  const artifacts = publishArtifacts(run, node.id, record);
  const { metrics, seconds } = record;
  if (computed) {
    tally.computed();
    journal.emit({ type: 'node-done', node: node.id, metrics, seconds, artifacts, ...(by && { by: by.id }) });
  } else {
    tally.hit();
    journal.emit({ type: 'node-hit', node: node.id, metrics, seconds });
  }
  indexing.nodeEnded();
}
