/** The missing nodes of a run, computed in their order by an executor, each with its result in the run's folder. */

import { dirname, resolve } from 'node:path';
import { FailureError } from '../../base/result.ts';
import type { DataLocation } from '../../stages/stage.ts';
import type { CheckpointCadence, Executor } from '../executors/executor.ts';
import type { LimitsOf, NodeLimits } from '../plan/limits.ts';
import type { PlanNode } from '../plan/plan.ts';
import { rememberContent, takeOver } from '../store/contents.ts';
import { readKey } from '../store/keys.ts';
import { newAttempt, publishArtifacts } from '../store/publish.ts';
import type { DrivenRun } from '../store/runs.ts';
import { attemptNode } from './attempts.ts';
import type { CancelRequests } from './cancel-requests.ts';
import type { Indexing } from './indexing.ts';
import { joinOther } from './join.ts';
import type { Journal } from './journal.ts';
import { diskTooSmall, type Machine } from './machine.ts';
import { type Grant, type Need, Pool } from './pool.ts';
import type { Pruning } from './pruning.ts';
import { type Carried, type NodeEnd, runSchedule, type Stopped } from './schedule.ts';
import { storeGone } from './store-gone.ts';
import type { Tally } from './tally.ts';

/** Once a node has failed: go on with the others, start nothing new, or stop also what is under way, with checkpoints. */
export type FailFast = false | 'start-nothing' | 'stop';

export interface Computing {
  readonly run: DrivenRun;
  readonly journal: Journal;
  readonly tally: Tally;
  readonly indexing: Indexing;
  readonly cancels: CancelRequests;
  /** Where the experiment has a rule for it. */
  readonly pruning: Pruning | undefined;
  readonly data: DataLocation;
  readonly limitsOf: LimitsOf;
  readonly machine: Machine;
  /** Attempts side by side, whatever threads they have; by what fits the machine where absent. */
  readonly concurrency: number | undefined;
  readonly failFast: FailFast;
  readonly checkpoints: CheckpointCadence;
  readonly graceSeconds: number;
  readonly stageModules: readonly string[];
  readonly debugNan: boolean;
  readonly executor: Executor | (() => Promise<Executor>) | undefined;
}

export async function computeNodes(nodes: readonly PlanNode[], computing: Computing): Promise<void> {
  const { executor: given, limitsOf, concurrency, machine } = computing;
  const own = given === undefined;
  const executor = own
    ? (await import('../executors/local/executor.ts')).openLocalExecutor()
    : typeof given === 'function'
      ? await given()
      : given;
  const pool = new Pool({
    ...machine,
    threads: concurrency === undefined ? machine.threads : Number.POSITIVE_INFINITY,
    attempts: concurrency ?? Number.POSITIVE_INFINITY,
  });
  try {
    await runSchedule({
      nodes,
      pool,
      failFast: computing.failFast !== false,
      signal: computing.cancels.signal,
      makesRoomAt: (snapshot) => computing.pruning?.judgesAt(snapshot) ?? false,
      whyStopped: (node) => whyStopped(node, computing),
      need: (node) => needOf(limitsOf(node)),
      takeOver: (node) => tookOver(node, computing),
      compute: (node, carried, grant) => compute(node, carried, grant, executor, computing),
      join: (node, carried) => join(node, carried, computing),
      skip(node, reason) {
        if (reason === 'cancelled') computing.tally.cancelled();
        computing.journal.emit({ type: 'node-skipped', node: node.id, reason });
      },
    });
  } finally {
    if (own) await executor.close();
  }
}

function whyStopped({ id }: PlanNode, { pruning, cancels, failFast, tally }: Computing): Stopped | undefined {
  if (pruning?.isPruned(id)) return 'pruned';
  if (cancels.isCancelled(id)) return 'cancelled';
  return failFast === 'stop' && tally.hasFailed ? 'fail-fast' : undefined;
}

function needOf({ threads, gpus = 0, memory = 0 }: NodeLimits): Need {
  return { threads, gpus, memory };
}

async function compute(
  node: PlanNode,
  carried: Carried,
  grant: Grant,
  executor: Executor,
  computing: Computing,
): Promise<NodeEnd> {
  const { run, journal, tally, cancels, data, checkpoints, graceSeconds, stageModules, debugNan, machine } = computing;
  const limits = computing.limitsOf(node);
  // An attempt after a lost one is not asked for what that one has made.
  const awaited = new Map(carried.nodes.map((snapshot) => [snapshot.id, snapshot]));
  return attemptNode(node, {
    ...{ executor, journal, signal: cancels.of(node.id), limits, grant, machineMemory: machine.memory },
    need: (memory) => ({ ...needOf(limits), ...(memory !== undefined && { memory }) }),
    request: (granted) => ({
      run: run.id,
      store: run.store.folder,
      node,
      ...newAttempt(run, node.id),
      data,
      folder: dirname(resolve(run.plan.experiment.file)),
      backend: run.plan.backend,
      checkpoints,
      graceSeconds,
      ...granted,
      stageModules,
      ...(awaited.size > 0 && { snapshots: [...awaited.values()] }),
      ...(debugNan && { debugNan }),
    }),
    obstacle() {
      const failure =
        storeGone(run) ?? (limits.disk === undefined ? undefined : diskTooSmall(node, limits.disk, run.store));
      return failure && { failure, log: run.events };
    },
    onSnapshot(id, computed) {
      const snapshot = awaited.get(id);
      if (!snapshot) return false;
      awaited.delete(id);
      arrived(snapshot, computed, computing, node);
      return carried.arrived(snapshot);
    },
    onDone: (computed) => arrived(node, computed, computing),
    onFailed(failure) {
      tally.failed(failure);
      if (computing.failFast === 'stop') cancels.stopUnderWay();
    },
  });
}

/** Its inputs may have come out with the same bytes as in another experiment that went on from there. */
function tookOver(node: PlanNode, { run, journal, tally, indexing, pruning }: Computing): boolean {
  const taken = takeOver(run.store, node, { presentCode: run.plan.rerunOn === 'code' });
  if (!taken) return false;
  const { record, from } = taken;
  publishArtifacts(run, node.id, record);
  tally.hit();
  journal.emit({ type: 'node-cut-off', node: node.id, from, metrics: record.metrics, seconds: record.seconds });
  pruning?.arrived(node, record.metrics);
  indexing.nodeEnded();
  return true;
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
  const end = await joinOther(store, node.key, computing.cancels.of(node.id), look);
  look();
  if (end === 'done') arrived(node, false, computing);
  return end;
}

function arrived(
  node: PlanNode,
  computed: boolean,
  { run, journal, tally, indexing, pruning }: Computing,
  by?: PlanNode,
): void {
  const record = readKey(run.store, node.key);
  if (!record) {
    const gone = storeGone(run);
    throw gone ? new FailureError(gone) : new Error(`Internal error: expected the key of ${node.id} in the store`);
  }
  const artifacts = publishArtifacts(run, node.id, record);
  const { metrics, seconds } = record;
  rememberContent(run.store, node);
  if (computed) {
    tally.computed();
    journal.emit({ type: 'node-done', node: node.id, metrics, seconds, artifacts, ...(by && { by: by.id }) });
  } else {
    tally.hit();
    journal.emit({ type: 'node-hit', node: node.id, metrics, seconds });
  }
  pruning?.arrived(node, metrics);
  indexing.nodeEnded();
}
