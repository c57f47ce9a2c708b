/**
 * The attempts at one node: a stage that fails is not tried again, a place that fails (a killed process, a lost lease) is,
 * from the newest checkpoint and in a fresh process. An attempt that got as far as a checkpoint counts as none: a long
 * node may meet any number of accidents as long as it gets on between them.
 */
import type { AttemptMessage, AttemptRequest, Executor } from '../executors/executor.ts';
import type { PlanNode } from '../plan/plan.ts';
import { Account } from './accounts.ts';
import type { Journal, Unstamped } from './journal.ts';
import type { NodeEnd } from './schedule.ts';

/** After so many accidents in a row without progress the reason is the node itself. */
const RETRIES = 3;

export interface Attempts {
  readonly executor: Executor;
  readonly journal: Journal;
  readonly signal: AbortSignal;
  /** What the next attempt at a node is asked to do, with a log of its own. */
  request(node: PlanNode): AttemptRequest;
  /** The key of a shorter node of the chain is in the store. */
  onSnapshot(id: string, computed: boolean): void;
  /** The node's key is in the store. */
  onDone(computed: boolean): void;
}

export async function attemptNode(node: PlanNode, attempts: Attempts): Promise<NodeEnd> {
  const { executor, journal, signal } = attempts;
  for (let accidents = 0; ; ) {
    if (signal.aborted) return 'cancelled';
    const request = attempts.request(node);
    const { log } = request;
    const account = new Account(request);
    const running = executor.start(request, (message) => {
      account.hear(message);
      if (message.type === 'snapshot') attempts.onSnapshot(message.node, message.computed);
      else if (message.type !== 'usage') journal.emit(eventOf(message, request));
    });
    signal.addEventListener('abort', running.stop);
    const end = await running.end;
    signal.removeEventListener('abort', running.stop);
    journal.emit(account.event(end, signal.aborted));

    switch (end.type) {
      case 'done':
        attempts.onDone(end.computed);
        return 'done';
      case 'stopped':
        // Not at our wish: whoever runs the process wanted it to make room. It goes on elsewhere.
        continue;
      case 'held':
        journal.emit({ type: 'node-joined', node: node.id, owner: end.owner });
        return 'held';
      case 'failed':
        journal.emit({ type: 'node-failed', node: node.id, failure: end.failure, log, willRetry: false });
        return 'failed';
      case 'lost': {
        if (signal.aborted) return 'cancelled';
        accidents = account.progressed ? 1 : accidents + 1;
        const willRetry = accidents <= RETRIES;
        journal.emit({ type: 'node-failed', node: node.id, failure: end.failure, log, willRetry });
        if (!willRetry) return 'failed';
      }
    }
  }
}

/** Fields in the order of the event's declaration: they are read by people and by `grep`. */
function eventOf(
  message: Exclude<AttemptMessage, { type: 'usage' | 'snapshot' }>,
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
