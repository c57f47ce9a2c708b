/**
 * The ledger of a run: where its seconds went, from its events alone. Every second of every attempt is in one of three
 * places:
 *
 *     useful    steps whose result was kept, by a checkpoint or by the node's end
 *     repeated  steps that were lost and that a later attempt did again
 *     wasted    steps that led to nothing: of nodes that failed or were pruned, and lost ones that
 *               nobody has done again
 *
 * Saved is what the hits took when they were computed. An attempt without an end (its driver was killed) is counted as lost,
 * up to its last sign of life.
 */

import type { AttemptEndKind, RunEvent } from '../events.ts';
import { secondsTogether } from '../plan/chain.ts';

export interface LedgerTotals {
  readonly attempts: number;
  readonly ends: Readonly<Partial<Record<AttemptEndKind, number>>>;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  /** Bytes, of the largest attempt. */
  readonly peakMemory: number;
  /** Of all attempts, from the moment when they could have begun until there was room. */
  readonly waitedSeconds: number;
  /** Seconds times GPUs held. */
  readonly gpuSeconds: number;
  /** Seconds of attempts by what computed them; attempts of earlier versions do not say. */
  readonly devices: Readonly<Record<string, number>>;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly usefulSeconds: number;
  readonly repeatedSeconds: number;
  readonly wastedSeconds: number;
  /** Nodes whose result was there, and what it took to make them. */
  readonly hits: number;
  readonly savedSeconds: number;
}

type Ended = Extract<RunEvent, { type: 'attempt-ended' }>;

/** One attempt: what it was, and where its seconds went. */
export type LedgerRow = Ended & Pick<LedgerTotals, 'usefulSeconds' | 'repeatedSeconds' | 'wastedSeconds'>;

interface Opened {
  readonly attempt: number;
  readonly at: number;
  readonly fromStep: number;
  toStep: number;
  savedStep: number;
  seenAt: number;
}

interface NodeBook {
  readonly attempts: Ended[];
  open: Opened | undefined;
  /** It failed, or was given up by a rule. */
  failed: boolean;
}

export class Ledger {
  readonly #nodes = new Map<string, NodeBook>();
  readonly #hits = new Map<string, number>();
  /** Node → its chain. */
  readonly #chains = new Map<string, string>();

  /** Events of a run, in their order; of several drivers too. */
  add(event: RunEvent): void {
    switch (event.type) {
      case 'run-started':
        for (const { id, chain } of event.plan.nodes) if (chain) this.#chains.set(id, chain.id);
        return;
      case 'node-hit':
      case 'node-cut-off':
        this.#hits.set(event.node, event.seconds);
        return;
      case 'node-started': {
        const book = this.#book(event.node);
        settle(event.node, book);
        const { attempt, fromStep } = event;
        const at = Date.parse(event.at);
        book.open = { attempt, at, fromStep, toStep: fromStep, savedStep: fromStep, seenAt: at };
        return;
      }
      case 'node-progress':
      case 'node-checkpoint': {
        const { open } = this.#book(event.node);
        if (!open) return;
        open.toStep = event.step;
        open.seenAt = Date.parse(event.at);
        if (event.type === 'node-checkpoint') open.savedStep = event.step;
        return;
      }
      case 'attempt-ended': {
        const book = this.#book(event.node);
        if (book.open?.attempt === event.attempt) book.open = undefined;
        // It never began.
        if (event.end !== 'held') book.attempts.push(event);
        return;
      }
      case 'node-done':
        // A driver that continues a run computes what was a hit once and is gone by now.
        this.#hits.delete(event.node);
        this.#book(event.node).failed = false;
        return;
      case 'node-failed':
        this.#book(event.node).failed = !event.willRetry;
        return;
      case 'node-skipped':
        if (event.reason === 'pruned') this.#book(event.node).failed = true;
        return;
      case 'run-finished':
        for (const [node, book] of this.#nodes) settle(node, book);
        return;
    }
  }

  /** Node by node, in the order in which they were heard of first. */
  rows(): LedgerRow[] {
    return [...this.#nodes].flatMap(([node, book]) => {
      settle(node, book);
      return book.attempts.map((attempt, place) => ({ ...attempt, ...whereItWent(book, attempt, place) }));
    });
  }

  totals(): LedgerTotals {
    const ends: Partial<Record<AttemptEndKind, number>> = {};
    const devices: Record<string, number> = {};
    const sums = { attempts: 0, wallSeconds: 0, cpuSeconds: 0, waitedSeconds: 0, gpuSeconds: 0 };
    const bytes = { bytesRead: 0, bytesWritten: 0 };
    const went = { usefulSeconds: 0, repeatedSeconds: 0, wastedSeconds: 0 };
    let peakMemory = 0;
    // In one pass without the rows: a look at thousands of attempts waits for it.
    for (const [node, book] of this.#nodes) {
      settle(node, book);
      for (const [place, attempt] of book.attempts.entries()) {
        const { end, device, wallSeconds, gpus = 0 } = attempt;
        ends[end] = (ends[end] ?? 0) + 1;
        if (device !== undefined) devices[device] = (devices[device] ?? 0) + wallSeconds;
        sums.attempts++;
        sums.wallSeconds += wallSeconds;
        sums.cpuSeconds += attempt.cpuSeconds;
        sums.waitedSeconds += attempt.waitedSeconds ?? 0;
        sums.gpuSeconds += gpus * wallSeconds;
        bytes.bytesRead += attempt.bytesRead ?? 0;
        bytes.bytesWritten += attempt.bytesWritten ?? 0;
        peakMemory = Math.max(peakMemory, attempt.peakMemory);
        const { usefulSeconds, repeatedSeconds, wastedSeconds } = whereItWent(book, attempt, place);
        went.usefulSeconds += usefulSeconds;
        went.repeatedSeconds += repeatedSeconds;
        went.wastedSeconds += wastedSeconds;
      }
    }
    const { attempts, wallSeconds, cpuSeconds, waitedSeconds, gpuSeconds } = sums;
    return {
      ...{ attempts, ends, wallSeconds, cpuSeconds, peakMemory, waitedSeconds, gpuSeconds, devices },
      ...bytes,
      ...went,
      hits: this.#hits.size,
      savedSeconds: secondsTogether(
        [...this.#hits].map(([id, seconds]) => {
          const chain = this.#chains.get(id);
          return { id, seconds, ...(chain !== undefined && { chain }) };
        }),
      ),
    };
  }

  #book(node: string): NodeBook {
    let book = this.#nodes.get(node);
    if (!book) {
      book = { attempts: [], open: undefined, failed: false };
      this.#nodes.set(node, book);
    }
    return book;
  }
}

export function ledgerOf(events: Iterable<RunEvent>): LedgerTotals {
  const ledger = new Ledger();
  for (const event of events) ledger.add(event);
  return ledger.totals();
}

/** The attempt of a driver that was killed never said how it ended. */
function settle(node: string, book: NodeBook): void {
  const { open } = book;
  if (!open) return;
  book.open = undefined;
  const { attempt, fromStep, toStep, savedStep } = open;
  // Clocks are set back now and then.
  const wallSeconds = Math.max(0, (open.seenAt - open.at) / 1000);
  const at = new Date(open.seenAt).toISOString();
  book.attempts.push({
    ...{ type: 'attempt-ended', at, node, attempt, end: 'lost', wallSeconds, cpuSeconds: 0, peakMemory: 0 },
    ...{ fromStep, toStep, savedStep },
  });
}

/** Seconds of an attempt at its place among those of its node. */
function whereItWent(
  { attempts, failed }: NodeBook,
  attempt: Ended,
  place: number,
): Pick<LedgerRow, 'usefulSeconds' | 'repeatedSeconds' | 'wastedSeconds'> {
  const kept = failed ? 0 : keptShare(attempt);
  const lost = (1 - kept) * attempt.wallSeconds;
  const isRepeated = lost > 0 && !failed && isDoneAgain(attempt, attempts.slice(place + 1));
  const [repeatedSeconds, wastedSeconds] = isRepeated ? [lost, 0] : [0, lost];
  return { usefulSeconds: kept * attempt.wallSeconds, repeatedSeconds, wastedSeconds };
}

/** By steps, since those of one node are alike; an attempt that did none has kept nothing but a finished node. */
function keptShare({ end, fromStep, toStep, savedStep }: Ended): number {
  if (end === 'done') return 1;
  return toStep > fromStep ? (savedStep - fromStep) / (toStep - fromStep) : 0;
}

function isDoneAgain({ toStep }: Ended, later: readonly Ended[]): boolean {
  return later.some((other) => other.end === 'done' || other.toStep >= toStep);
}
