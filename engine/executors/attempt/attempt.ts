/**
 * One attempt at one node, from lease to key: the same in every place where attempts run.
 *
 *     take the lease → the key, if somebody was faster → the furthest state, or `init` → steps → `finish` →
 *     objects → key → checkpoints away → give the lease back
 *
 * Invariant: nothing that others see is written without asking first whether the lease is still held. Between two steps
 * the event loop turns once, so that messages are heard.
 */
import { type Failure, FailureError, unwrap } from '../../../base/result.ts';
import type { StageRun } from '../../../stages/stage.ts';
import type { Metrics } from '../../events.ts';
import { removeCheckpoints } from '../../store/checkpoints.ts';
import { diskFailure } from '../../store/disk-failure.ts';
import { fault } from '../../store/faults.ts';
import { readKey } from '../../store/keys.ts';
import { type Lease, takeLease } from '../../store/leases.ts';
import { openStore, type Store } from '../../store/store.ts';
import type { AttemptEnd, AttemptMessage, AttemptRequest } from '../executor.ts';
import { commitResult, conflictMessage } from './commit.ts';
import { keepAlive } from './heartbeat.ts';
import { type Log, openLog } from './log.ts';
import { openStage } from './open-stage.ts';
import { snapshotOf } from './snapshots.ts';
import { runSteps } from './steps.ts';
import { measureUsage } from './usage.ts';

/** How an attempt hears of, and talks to, whoever wanted it. */
export interface AttemptControl {
  send(message: AttemptMessage): void;
  /** Asked between steps. */
  stopAsked(): boolean;
}

/** Never rejects. */
export async function runAttempt(request: AttemptRequest, control: AttemptControl): Promise<AttemptEnd> {
  const log = openLog(request.log);
  const { node, attempt, run } = request;
  log(`${node.id}: attempt ${attempt} of run ${run}, process ${process.pid}, key ${node.key}`);
  const end = await leased(request, control, log).catch((error) => endOfThrown(error, request, log));
  log(describeEnd(end));
  return end;
}

async function leased(request: AttemptRequest, control: AttemptControl, log: Log): Promise<AttemptEnd> {
  const { node, run } = request;
  const opened = openStore(request.store);
  if (!opened.ok && opened.error.code === 'STORE_MISSING') throw new FailureError(gone(request.store));
  const store = unwrap(opened);
  const lease = takeLease(store, node.key, { run });
  if (!lease.held) return { type: 'held', owner: `process ${lease.pid} on ${lease.host} (run ${lease.run})` };
  const rest = keepAlive(lease.heartbeat);
  try {
    return await computed(store, lease, request, control, log);
  } finally {
    rest();
    lease.release();
  }
}

/** It was there when the driver asked for this attempt. */
function gone(place: string): Failure {
  return {
    code: 'STORE_GONE',
    message: 'The store was moved or deleted while it was in use.',
    place,
    help: 'Put it back, or run the same command again: what is missing is made anew.',
  };
}

async function computed(
  store: Store,
  lease: Lease,
  request: AttemptRequest,
  control: AttemptControl,
  log: Log,
): Promise<AttemptEnd> {
  const { node } = request;
  // Whoever held the lease before may have finished, and ended before it had cleared up.
  if (readKey(store, node.key)) {
    removeCheckpoints(store, node.key);
    return { type: 'done', computed: false };
  }
  const usage = measureUsage();
  const begun = performance.now();
  const figures: Record<string, number> = {};
  const position = { step: 0 };
  const tellUsage = () => control.send({ type: 'usage', step: position.step, ...usage() });
  let stage: StageRun | undefined;
  try {
    const report = (latest: Metrics) => Object.assign(figures, latest);
    stage = await openStage(store, request, report, (message) => control.send({ type: 'warning', message }));
    fault('stage-opened');
    const last = await runSteps({ begun, store, lease, request, control, log, stage, figures, position, tellUsage });
    if (!last) return { type: 'stopped' };
    const { state, step: steps } = last;
    const result = await (node.chain?.cut ? snapshotOf(stage, node, state) : stage.finish(state));
    fault('stage-finished');
    const seconds = last.secondsBefore + (performance.now() - begun) / 1000;
    const committed = commitResult(store, lease, { node, backend: request.backend, result, seconds, steps, state });
    if (committed === 'conflict') control.send({ type: 'warning', message: conflictMessage(store, node) });
    removeCheckpoints(store, node.key);
    return { type: 'done', computed: true };
  } finally {
    tellUsage();
    stage?.close?.();
  }
}

function endOfThrown(error: unknown, { node, log: place }: AttemptRequest, log: Log): AttemptEnd {
  // An expected failure says all in its sentence; of everything else the place in the code is wanted.
  if (!(error instanceof FailureError)) log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const disk = error instanceof Error ? diskFailure(error, place) : undefined;
  const known = error instanceof FailureError ? error.failure : disk;
  if (known?.code === 'LEASE_LOST') return { type: 'lost', failure: known };
  if (known) return { type: 'failed', failure: known };
  const failure: Failure = {
    code: 'STAGE_CRASHED',
    message: `${node.id} ended with an unexpected error: ${error instanceof Error ? error.message : String(error)}`,
    place,
    help: 'Its log holds the trace; what was finished is kept.',
  };
  return { type: 'failed', failure };
}

function describeEnd(end: AttemptEnd): string {
  switch (end.type) {
    case 'done':
      return end.computed ? 'done' : 'somebody else has finished this node: nothing to do';
    case 'stopped':
      return 'stopped when asked';
    case 'held':
      return `held by ${end.owner}`;
    case 'failed':
    case 'lost':
      return `${end.type}: ${end.failure.message} (${end.failure.code})`;
  }
}
