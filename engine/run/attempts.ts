/**
 * The attempts at one node, each from the newest checkpoint and with what the pool has granted; `retry.ts` says whether there
 * is another one.
 */
import type { Failure } from '../../base/result.ts';
import { formatSize } from '../../base/units.ts';
import type { AttemptMessage, AttemptRequest, Executor } from '../executors/executor.ts';
import type { NodeLimits } from '../plan/limits.ts';
import type { PlanNode } from '../plan/plan.ts';
import { Account } from './accounts.ts';
import type { Journal, Unstamped } from './journal.ts';
import type { Grant, Need } from './pool.ts';
import { type EndedBadly, isOfTheStore, RetryPolicy } from './retry.ts';
import type { NodeEnd } from './schedule.ts';
import { GRACE_SECONDS, slowStepWords, startClock, timeIsUp } from './time-limit.ts';

export interface Attempts {
  readonly executor: Executor;
  readonly journal: Journal;
  readonly signal: AbortSignal;
  readonly limits: NodeLimits;
  readonly grant: Grant;
  /** All the memory there is, in bytes. */
  readonly machineMemory: number;
  need(memory: number | undefined): Need;
  /** What the next attempt is asked to do, with a log of its own. */
  request(granted: Pick<AttemptRequest, 'memory' | 'gpus'>): AttemptRequest;
  /** Why an attempt cannot start now, and where else one may read of it. */
  obstacle(): { readonly failure: Failure; readonly log: string } | undefined;
  /** The key of a shorter node of the chain is in the store; true: the attempt is to make room now. */
  onSnapshot(id: string, computed: boolean): boolean;
  /** The node's key is in the store. */
  onDone(computed: boolean): void;
  /** It failed for good. */
  onFailed(failure: Failure): void;
}

export async function attemptNode(node: PlanNode, attempts: Attempts): Promise<NodeEnd> {
  const { journal, signal, limits, grant } = attempts;
  const policy = new RetryPolicy(limits, attempts.machineMemory);
  for (;;) {
    if (signal.aborted) return 'cancelled';
    const obstacle = attempts.obstacle();
    const ended = obstacle ? refused(obstacle) : await nextAttempt(policy, attempts);
    if (ended.type === 'again') continue;
    if (ended.type !== 'badly') return ended.type;
    const { failure } = ended;
    const willRetry = policy.again(ended);
    journal.emit({ type: 'node-failed', node: node.id, failure, log: ended.log, willRetry });
    if (!willRetry) {
      attempts.onFailed(failure);
      return isOfTheStore(failure) ? 'broken' : 'failed';
    }
    if (ended.blame === 'memory') {
      const message = `the next attempt may take ${formatSize(policy.memory ?? 0)} of memory`;
      journal.emit({ type: 'warning', message, node: node.id });
      await grant.exchange(attempts.need(policy.memory));
    }
  }
}

type Ended =
  | { readonly type: 'done' | 'held' | 'cancelled' | 'paused' | 'again' }
  | ({ readonly type: 'badly'; readonly log: string } & EndedBadly);

function refused({ failure, log }: { readonly failure: Failure; readonly log: string }): Ended {
  return { type: 'badly', blame: 'stage', failure, log, step: 0, progressed: false, peakMemory: 0 };
}

async function nextAttempt({ memory }: RetryPolicy, attempts: Attempts): Promise<Ended> {
  const { executor, journal, signal, limits, grant } = attempts;
  const request = attempts.request({
    ...(limits.memory !== undefined && memory !== undefined && { memory }),
    ...(limits.gpus !== undefined && { gpus: grant.gpus }),
  });
  const { node, graceSeconds = GRACE_SECONDS } = request;
  const account = new Account(request, grant.waited());
  let paused = false;
  const running = executor.start(request, (message) => {
    account.hear(message);
    if (message.type === 'snapshot') {
      if (!attempts.onSnapshot(message.node, message.computed)) return;
      paused = true;
      running.stop();
    } else if (message.type === 'slow-step') {
      const { stage } = node.manifest;
      journal.warnOnce(`slow step of ${stage}`, slowStepWords(stage, message.seconds, graceSeconds), node.id);
    } else if (message.type !== 'usage') journal.emit(eventOf(message, request));
  });
  const clock = startClock(limits.timeLimit, running, graceSeconds);
  signal.addEventListener('abort', running.stop);
  const end = await running.end;
  signal.removeEventListener('abort', running.stop);
  clock.stop();
  journal.emit(account.event(end, signal.aborted));

  const { step, progressed, peakMemory } = account;
  const badly = (blame: EndedBadly['blame'], failure: Failure): Ended => ({
    type: 'badly',
    ...{ blame, failure, log: request.log, step, progressed, peakMemory },
  });
  switch (end.type) {
    case 'done':
      attempts.onDone(end.computed);
      return { type: 'done' };
    case 'held':
      journal.emit({ type: 'node-joined', node: node.id, owner: end.owner });
      return { type: 'held' };
    case 'failed':
      return badly('stage', end.failure);
    case 'stopped':
    case 'lost':
      if (signal.aborted) return { type: 'cancelled' };
      if (clock.isUp()) return badly('time', timeIsUp(request, limits.timeLimit ?? 0, end));
      // Not at our wish: whoever runs the process wanted it to make room. It goes on elsewhere.
      if (end.type === 'stopped') return { type: paused ? 'paused' : 'again' };
      return badly(end.outOfMemory ? 'memory' : 'place', end.failure);
  }
}

/** Fields in the order of the event's declaration: they are read by people and by `grep`. */
function eventOf(
  message: Exclude<AttemptMessage, { type: 'usage' | 'snapshot' | 'slow-step' }>,
  { node: { id: node }, attempt, log }: AttemptRequest,
): Unstamped {
  switch (message.type) {
    case 'started': {
      const { fromStep, steps } = message;
      return { type: 'node-started', node, attempt, fromStep, steps, log };
    }
    case 'progress': {
      const { step, steps, figures } = message;
      return { type: 'node-progress', node, step, steps, figures };
    }
    case 'checkpoint':
      return { type: 'node-checkpoint', node, step: message.step };
    case 'warning':
      return { type: 'warning', message: message.message, node };
  }
}
