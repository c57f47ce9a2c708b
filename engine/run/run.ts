/**
 * A run from plan to outcome: its folder, what is there already, what is missing in its order, and how it ended. The
 * driver holds no tensors: it looks up keys, talks to attempts, and tells what happens.
 *
 * The plan is frozen in the run's folder before anything starts. Running it again continues the newest run of an equal
 * plan that has not ended; whatever run they belong to, finished nodes and checkpoints are found by key.
 */
import { join } from 'node:path';
import type { Json } from '../../base/json.ts';
import { type Failure, FailureError } from '../../base/result.ts';
import type { Reporter } from '../events.ts';
import type { CheckpointCadence, Executor } from '../executors/executor.ts';
import type { PlanDifference } from '../plan/difference.ts';
import type { ResolvedExperiment } from '../plan/experiment.ts';
import { limitsOf } from '../plan/limits.ts';
import type { Plan, PlanNode } from '../plan/plan.ts';
import { withUpstream } from '../plan/select.ts';
import { openEventLog } from '../store/event-log.ts';
import { type KeyRecord, readKey } from '../store/keys.ts';
import { RENEW_EVERY_MS } from '../store/leases.ts';
import { isPublished, publishArtifacts } from '../store/publish.ts';
import {
  createRun,
  type DrivenRun,
  finishRun,
  leaveRun,
  newestUnfinishedRun,
  planDigest,
  readRunEnd,
  runsOfPlan,
} from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { watchCancelRequests } from './cancel-requests.ts';
import { computeNodes, type FailFast } from './compute.ts';
import { openIndexing } from './indexing.ts';
import { Journal } from './journal.ts';
import { doesNotFit, type Machine, thisMachine } from './machine.ts';
import { neededNodes } from './needed.ts';
import { Pruning } from './pruning.ts';
import { Tally } from './tally.ts';
import { GRACE_SECONDS } from './time-limit.ts';

export interface RunOptions {
  readonly plan: Plan;
  readonly experiment: ResolvedExperiment;
  readonly store: Store;
  /** Where the plan's data set lies on this machine. */
  readonly data: { readonly folder: string };
  readonly reporters: readonly Reporter[];
  /** Aborted: steps are finished, checkpoints written, nothing new is started. */
  readonly signal?: AbortSignal | undefined;
  /** Attempts side by side; by default as many as have room on the machine. */
  readonly concurrency?: number | undefined;
  readonly failFast?: FailFast | undefined;
  readonly checkpoints?: Partial<CheckpointCadence> | undefined;
  /** What an attempt may take over its last step when its time is up; a minute where absent. */
  readonly graceSeconds?: number | undefined;
  /** Modules that export further `stageKinds`, for child processes to load. */
  readonly stageModules?: readonly string[] | undefined;
  /** Name the operation that made the first value that is not finite. */
  readonly debugNan?: boolean | undefined;
  /** What attempts share; this machine where absent. */
  readonly machine?: Machine | undefined;
  /** `false`: no cell is given up, and those that were are taken up again. */
  readonly prune?: boolean | undefined;
  /** Nodes to compute, by id, with what they need; all results of the plan where absent. */
  readonly only?: ReadonlySet<string> | undefined;
  /** From an earlier run, to be told when it starts. */
  readonly since?: PlanDifference | undefined;
  /** Child processes of this machine, opened and closed with the run, where absent; a function opens it when needed. */
  readonly executor?: Executor | (() => Promise<Executor>) | undefined;
}

export interface RunOutcome {
  readonly outcome: 'done' | 'failed' | 'interrupted';
  readonly run: string;
  readonly folder: string;
  /** Nodes computed in this run, and nodes that were there. */
  readonly executed: number;
  readonly hits: number;
  readonly seconds: number;
  /** By key, of what was there when it began: whoever makes the table need not read them again. */
  readonly found: ReadonlyMap<string, KeyRecord>;
  /** Why it could not go on at all: a full disk, a store that was moved away. */
  readonly storeFailure?: Failure;
}

export async function runPlan(options: RunOptions): Promise<RunOutcome> {
  const { plan, store, reporters } = options;
  const begun = performance.now();
  const { machine = thisMachine() } = options;
  const limits = limitsOf(plan, options.experiment);
  const tooLarge = doesNotFit(plan, limits, store, machine);
  if (tooLarge) throw new FailureError(tooLarge);
  const ofPlan = runsOfPlan(store, planDigest(plan));
  const unfinished = newestUnfinishedRun(store, ofPlan);
  const again = unfinished ? undefined : tellAgain(options, ofPlan[0], begun);
  if (again) return again;
  const run = unfinished ?? createRun(store, plan, options.experiment as unknown as Json);
  const events = openEventLog(run);
  const journal = new Journal(reporters, (event) => events.append(event));
  const cancels = watchCancelRequests(run, options.signal ?? new AbortController().signal);
  const { signal } = cancels;
  const beating = setInterval(() => run.lease.renew(), RENEW_EVERY_MS);
  const onAbort = () =>
    journal.emit({ type: 'interrupt', message: options.signal?.aborted ? INTERRUPT_MESSAGE : CANCEL_MESSAGE });
  signal.addEventListener('abort', onAbort);
  const indexing = openIndexing(run, journal);
  const tally = new Tally();
  const pruning = plan.prune && options.prune !== false ? new Pruning(run, plan.prune, journal) : undefined;
  pruning?.onPrune((node) => cancels.stop(node));
  try {
    journal.emit({
      ...{ type: 'run-started', run: run.id, folder: run.folder, plan, continues: unfinished !== undefined },
      ...(options.since && { since: options.since }),
    });
    const found = findRecords(run);
    const missing = takeHits(run, found, journal, tally, options.only, pruning);
    if (missing.length > 0)
      await computeNodes(missing, {
        run,
        journal,
        tally,
        indexing,
        cancels,
        pruning,
        data: { set: plan.data.set, folder: options.data.folder },
        limitsOf: limits,
        machine,
        concurrency: options.concurrency,
        failFast: options.failFast ?? false,
        checkpoints: { ...CADENCE, ...options.checkpoints },
        graceSeconds: options.graceSeconds ?? GRACE_SECONDS,
        stageModules: options.stageModules ?? [],
        debugNan: options.debugNan ?? false,
        executor: options.executor,
      });
    const { outcome, executed, hits, storeFailure } = tally;
    const seconds = (performance.now() - begun) / 1000;
    journal.emit({ type: 'run-finished', outcome, executed, hits, seconds });
    // What was left out, or could not be stored, can still be done by the same run.
    if (outcome === 'interrupted' || storeFailure || options.only) leaveRun(run);
    else finishRun(run, { outcome, at: new Date().toISOString(), executed, hits, seconds });
    await indexing.runEnded();
    return {
      ...{ outcome, run: run.id, folder: run.folder, executed, hits, seconds, found },
      ...(storeFailure && { storeFailure }),
    };
  } finally {
    signal.removeEventListener('abort', onAbort);
    clearInterval(beating);
    cancels.close();
    indexing.close();
    events.close();
    // Given back already, unless the run ended by an exception.
    run.lease.release();
  }
}

const INTERRUPT_MESSAGE =
  'Finishing the current steps and writing checkpoints; press Ctrl-C again to stop now (only the work since the last checkpoints is lost).';

const CANCEL_MESSAGE = 'Cancelled by `retort cancel`: finishing the current steps and writing checkpoints.';

const CADENCE: CheckpointCadence = { everySeconds: 60 };

/**
 * The outcome where everything is there, and `run`, the newest of the same plan, has published it: that one is told once
 * more, and no second folder with the same links is left.
 */
function tellAgain(
  { plan, store, reporters, only, since }: RunOptions,
  run: string | undefined,
  begun: number,
): RunOutcome | undefined {
  if (run === undefined || plan.prune || only || readRunEnd(store, run)?.outcome !== 'done') return undefined;
  const found = findRecords({ plan, store });
  const folder = join(store.runs, run);
  if (found.size < plan.nodes.length || !isPublished(folder, found)) return undefined;
  const journal = new Journal(reporters, () => {});
  journal.emit({ type: 'run-started', run, folder, plan, continues: false, ...(since && { since }) });
  for (const { id, key } of plan.nodes) {
    const record = found.get(key);
    if (record) journal.emit({ type: 'node-hit', node: id, metrics: record.metrics, seconds: record.seconds });
  }
  const ended = {
    outcome: 'done',
    executed: 0,
    hits: found.size,
    seconds: (performance.now() - begun) / 1000,
  } as const;
  journal.emit({ type: 'run-finished', ...ended });
  return { ...ended, run, folder, found };
}

/** By key. */
function findRecords({ plan, store }: Pick<DrivenRun, 'plan' | 'store'>): Map<string, KeyRecord> {
  const found = new Map<string, KeyRecord>();
  for (const { key } of plan.nodes) {
    const record = readKey(store, key);
    if (record) found.set(key, record);
  }
  return found;
}

/** Tells every hit and every node that nobody needs; gives the nodes to compute. */
function takeHits(
  run: DrivenRun,
  records: ReadonlyMap<string, KeyRecord>,
  journal: Journal,
  tally: Tally,
  only: ReadonlySet<string> | undefined,
  pruning: Pruning | undefined,
): PlanNode[] {
  const { plan } = run;
  for (const node of plan.nodes) {
    const record = records.get(node.key);
    if (!record) continue;
    publishArtifacts(run, node.id, record);
    tally.hit();
    journal.emit({ type: 'node-hit', node: node.id, metrics: record.metrics, seconds: record.seconds });
  }
  // In the order of the plan: what was there when the run began is judged before anything starts.
  for (const node of plan.nodes) {
    const record = records.get(node.key);
    if (record) pruning?.arrived(node, record.metrics);
  }
  const isPruned = (id: string) => pruning?.isPruned(id) ?? false;
  const needed = neededNodes(plan.nodes, ({ id, key }) => records.has(key) || isPruned(id), only);
  const selected = only && withUpstream(plan.nodes, only);
  const isNeeded = new Set(needed);
  for (const node of plan.nodes) {
    if (records.has(node.key) || isNeeded.has(node)) continue;
    const unwanted = selected && !selected.has(node.id) ? 'not-selected' : 'not-needed';
    const reason = isPruned(node.id) ? 'pruned' : unwanted;
    journal.emit({ type: 'node-skipped', node: node.id, reason });
  }
  return needed;
}
