/**
 * What a run leaves for people and for later: its plan and configuration, frozen before anything starts, its events as
 * they happened, and its artifacts by readable names.
 *
 *     runs/<run>/run.json               when, where, digest of the plan
 *     runs/<run>/plan.json  config.resolved.json
 *     runs/<run>/events.ndjson          appended only
 *     runs/<run>/lease/                 of its driver
 *     runs/<run>/stages/<node>/<role>/<file>
 *     runs/<run>/stages/<node>/attempt-<n>/log.txt
 *     runs/<run>/finished.json          how it ended; absent while it can be continued
 *     runs/<run>/standing.json          what its events come to as far as it says, for quick looks; may be absent
 *
 * The folder is built beside and renamed into place: a run that is there has its plan.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { canonicalJson } from '../../base/canonical-json.ts';
import { sha256 } from '../../base/digest.ts';
import type { Json } from '../../base/json.ts';
import { fail, ok, type Result, unwrap } from '../../base/result.ts';
import type { Plan } from '../plan/plan.ts';
import { errorCode, onDisk } from './disk-failure.ts';
import { syncFolder, temporaryPath, writeDurably, writeSynced } from './durable.ts';
import { fault } from './faults.ts';
import { type Lease, takeLeaseIn } from './leases.ts';
import { eventsPath } from './run-events.ts';
import { nodeFolders, possibleFolders, runId } from './run-folders.ts';
import type { Store } from './store.ts';

export interface RunFolder {
  readonly store: Store;
  readonly id: string;
  /** Absolute. */
  readonly folder: string;
  readonly plan: Plan;
  readonly events: string;
  /** Where a node's artifacts and logs lie. */
  nodeFolder(node: string): string;
}

/** A run that this process drives. */
export interface DrivenRun extends RunFolder {
  /** To be renewed like every lease; `finishRun` and `leaveRun` give it back. */
  readonly lease: Lease;
}

export interface RunRecord {
  readonly schema: 'retort-run/1';
  readonly id: string;
  readonly name: string;
  readonly planDigest: string;
  readonly startedAt: string;
  readonly host: string;
  /** Of its plan, so that a list of runs need not read plans; absent in records of older versions. */
  readonly nodes?: number;
}

export interface RunEnd {
  readonly outcome: 'done' | 'failed';
  readonly at: string;
  readonly executed: number;
  readonly hits: number;
  readonly seconds: number;
}

const digests = new WeakMap<Plan, string>();

/** Asked for several times in a run, and plans are big. */
export function planDigest(plan: Plan): string {
  const digest = digests.get(plan) ?? sha256(canonicalJson(plan as unknown as Json));
  digests.set(plan, digest);
  return digest;
}

/** `resolved` is the experiment as the plan was made from it, for the record. */
export function createRun(store: Store, plan: Plan, resolved: Json): DrivenRun {
  const started = new Date();
  const id = runId(started, plan.experiment.name, randomBytes(3).toString('hex'));
  const folder = join(store.runs, id);
  const record: RunRecord = {
    schema: 'retort-run/1',
    id,
    name: plan.experiment.name,
    planDigest: planDigest(plan),
    startedAt: started.toISOString(),
    host: hostname(),
    nodes: plan.nodes.length,
  };
  return onDisk(folder, () => {
    const built = temporaryPath(store.tmp);
    mkdirSync(built);
    const put = (name: string, content: unknown) =>
      writeSynced(join(built, name), Buffer.from(`${JSON.stringify(content, null, 2)}\n`), 'run-file');
    put('plan.json', plan);
    put('config.resolved.json', resolved);
    put('run.json', record);
    fault('run-built');
    renameSync(built, folder);
    syncFolder(store.runs);
    fault('run-created');
    const driven = drive(runFolder(store, id, plan));
    // Another driver of this plan that looked for a run to continue has found it just now, and drives it: ours is one more.
    return driven ?? createRun(store, plan, resolved);
  });
}

/** Names of the runs of an equal plan, the newest first. Reads the record of every run. */
export function runsOfPlan(store: Store, digest: string): string[] {
  return allRuns(store)
    .reverse()
    .filter((id) => readRunRecord(store, id)?.planDigest === digest);
}

/**
 * The newest of these runs of an equal plan that has not ended and that nobody drives, to be continued by this process.
 * Interrupted and killed runs have not ended; those that failed have.
 */
export function newestUnfinishedRun(store: Store, ofPlan: readonly string[]): DrivenRun | undefined {
  for (const id of ofPlan) {
    if (readRunEnd(store, id)) continue;
    const run = openRun(store, id);
    const driven = run.ok ? drive(run.value) : undefined;
    if (driven) return driven;
  }
  return undefined;
}

export function planPath(store: Store, id: string): string {
  return join(store.runs, id, 'plan.json');
}

/** A run to look at whose plan is not read before somebody asks for it; it throws where there is none. */
export function lookAtRun(store: Store, id: string): RunFolder {
  const folder = join(store.runs, id);
  let opened: RunFolder | undefined;
  const whole = () => {
    opened ??= unwrap(openRun(store, id));
    return opened;
  };
  return {
    ...{ store, id, folder, events: join(folder, 'events.ndjson') },
    get plan() {
      return whole().plan;
    },
    nodeFolder(node) {
      const stages = join(folder, 'stages');
      const there = possibleFolders(node).find((name) => existsSync(join(stages, name)));
      return there === undefined ? whole().nodeFolder(node) : join(stages, there);
    },
  };
}

/** A run to look at. */
export function openRun(store: Store, id: string): Result<RunFolder> {
  const place = planPath(store, id);
  const plan = readJson(place) as Plan | undefined;
  if (plan?.schema !== 'retort-plan/1' && existsSync(place))
    return fail('STORE_DAMAGED', `The plan of run \`${id}\` is not readable.`, {
      place,
      help: '`retort verify` says what is damaged and what to do.',
    });
  if (plan?.schema !== 'retort-plan/1')
    return fail('STORE_RUN_MISSING', `There is no run \`${id}\` with a readable plan in this store.`, {
      place,
      help: 'The folders under runs/ of the store are named after the runs.',
    });
  return ok(runFolder(store, id, plan));
}

/** Names in the order of their start. */
export function allRuns(store: Store): string[] {
  return readdirSync(store.runs, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** Names in the order in which something last happened in them: a run of last week may be continued now. */
export function runsByWork(store: Store): string[] {
  const at = new Map(
    allRuns(store).map((id) => [id, statSync(eventsPath(store, id), { throwIfNoEntry: false })?.mtimeMs ?? 0]),
  );
  // Sorting is stable: where the times are equal, the later name counts.
  return [...at.keys()].sort((a, b) => (at.get(a) ?? 0) - (at.get(b) ?? 0));
}

export function readRunRecord(store: Store, id: string): RunRecord | undefined {
  const record = readJson(join(store.runs, id, 'run.json')) as RunRecord | undefined;
  return record?.schema === 'retort-run/1' ? record : undefined;
}

export function readRunEnd(store: Store, id: string): RunEnd | undefined {
  return readJson(join(store.runs, id, 'finished.json')) as RunEnd | undefined;
}

/** Done or failed: the run is over, and the same command makes a new one. */
export function finishRun(run: DrivenRun, end: RunEnd): void {
  const text = `${JSON.stringify({ schema: 'retort-run-end/1', ...end }, null, 2)}\n`;
  writeDurably(join(run.folder, 'finished.json'), text, { tmp: run.store.tmp, as: 'run-finished' });
  run.lease.release();
}

/** Interrupted: the same command continues it. */
export function leaveRun(run: DrivenRun): void {
  run.lease.release();
}

function runFolder(store: Store, id: string, plan: Plan): RunFolder {
  const folder = join(store.runs, id);
  // For thousands of nodes they take their time, and most who look at a run need none.
  let names: ReadonlyMap<string, string> | undefined;
  return {
    store,
    id,
    folder,
    plan,
    events: join(folder, 'events.ndjson'),
    nodeFolder(node) {
      names ??= nodeFolders(plan);
      const name = names.get(node);
      if (name === undefined) throw new Error(`Internal error: expected a node of the plan of ${id}, got ${node}`);
      return join(folder, 'stages', name);
    },
  };
}

function drive(run: RunFolder): DrivenRun | undefined {
  const lease = takeLeaseIn(join(run.folder, 'lease'), run.store.tmp, { run: run.id });
  if (!lease.held) return undefined;
  // Whoever had it until now may have come to its end.
  if (!readRunEnd(run.store, run.id)) return { ...run, lease };
  lease.release();
  return undefined;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(onDisk(path, () => readFileSync(path, 'utf8')));
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
