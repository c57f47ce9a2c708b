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

/** An attempt of which no end is known. Times are milliseconds since the epoch. */
interface Opened {
  readonly attempt: number;
  readonly at: number;
  readonly fromStep: number;
  toStep: number;
  savedStep: number;
  seenAt: number;
}

interface NodeBook {
  attempts: Ended[];
  open?: Opened | undefined;
  /** Attempts before the newest one began. */
  before: number;
  /** It failed, or was given up by a rule. */
  failed: boolean;
}

type Sums = Omit<LedgerTotals, 'hits' | 'savedSeconds'>;

/** As JSON: of nodes that are done only what all of them took. */
export interface KeptLedger {
  readonly done: Sums;
  readonly books: readonly (readonly [node: string, book: NodeBook])[];
  readonly hits: readonly (readonly [node: string, seconds: number])[];
}

export class Ledger {
  readonly #nodes = new Map<string, NodeBook>();
  /** Of attempts that are in no book any more. */
  #done: Sums = NOTHING;
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
        book.before = book.attempts.length;
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
      const settled = { ...book, attempts: settledAttempts(node, book) };
      return settled.attempts.map((attempt, place) => ({ ...attempt, ...whereItWent(settled, attempt, place) }));
    });
  }

  /** Of nodes that are `atWork` without what has happened since they began: nobody can say yet what becomes of their steps. */
  totals(atWork: ReadonlySet<string> = NOBODY): LedgerTotals {
    const books = [...this.#nodes].map(([node, book]) => ({
      failed: book.failed,
      attempts: atWork.has(node) ? book.attempts.slice(0, book.before) : settledAttempts(node, book),
    }));
    return {
      ...sum(this.#done, books),
      hits: this.#hits.size,
      savedSeconds: secondsTogether(
        [...this.#hits].map(([id, seconds]) => {
          const chain = this.#chains.get(id);
          return { id, seconds, ...(chain !== undefined && { chain }) };
        }),
      ),
    };
  }

  /**
   * To go on from later; without the plan, and so without which nodes are of one chain. What has led to a result was of use,
   * whatever becomes of the node in a later attempt, so of such nodes there is nothing more to know.
   */
  kept(): KeptLedger {
    const isDone = ({ attempts, open, failed }: NodeBook) => !open && !failed && attempts.at(-1)?.end === 'done';
    const books = [...this.#nodes];
    const done = books.filter(([, book]) => isDone(book)).map(([, book]) => book);
    return { done: sum(this.#done, done), books: books.filter(([, book]) => !isDone(book)), hits: [...this.#hits] };
  }

  static of({ done, books, hits }: KeptLedger): Ledger {
    const ledger = new Ledger();
    ledger.#done = done;
    for (const [node, book] of books) ledger.#nodes.set(node, book);
    for (const [node, seconds] of hits) ledger.#hits.set(node, seconds);
    return ledger;
  }

  #book(node: string): NodeBook {
    let book = this.#nodes.get(node);
    if (!book) {
      book = { attempts: [], before: 0, failed: false };
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

const NOBODY: ReadonlySet<string> = new Set();

const NOTHING: Sums = {
  ...{ attempts: 0, ends: {}, wallSeconds: 0, cpuSeconds: 0, peakMemory: 0, waitedSeconds: 0, gpuSeconds: 0 },
  ...{ devices: {}, bytesRead: 0, bytesWritten: 0, usefulSeconds: 0, repeatedSeconds: 0, wastedSeconds: 0 },
};

/** In one pass without the rows: a look at thousands of attempts waits for it. */
function sum(before: Sums, books: readonly Pick<NodeBook, 'attempts' | 'failed'>[]): Sums {
  const ends: Partial<Record<AttemptEndKind, number>> = { ...before.ends };
  const devices: Record<string, number> = { ...before.devices };
  const sums: { -readonly [Name in keyof Sums]: Sums[Name] } = { ...before };
  for (const book of books)
    for (const [place, attempt] of book.attempts.entries()) {
      const { end, device, wallSeconds, gpus = 0 } = attempt;
      ends[end] = (ends[end] ?? 0) + 1;
      if (device !== undefined) devices[device] = (devices[device] ?? 0) + wallSeconds;
      sums.attempts++;
      sums.wallSeconds += wallSeconds;
      sums.cpuSeconds += attempt.cpuSeconds;
      sums.peakMemory = Math.max(sums.peakMemory, attempt.peakMemory);
      sums.waitedSeconds += attempt.waitedSeconds ?? 0;
      sums.gpuSeconds += gpus * wallSeconds;
      sums.bytesRead += attempt.bytesRead ?? 0;
      sums.bytesWritten += attempt.bytesWritten ?? 0;
      const { usefulSeconds, repeatedSeconds, wastedSeconds } = whereItWent(book, attempt, place);
      sums.usefulSeconds += usefulSeconds;
      sums.repeatedSeconds += repeatedSeconds;
      sums.wastedSeconds += wastedSeconds;
    }
  return { ...sums, ends, devices };
}

function settle(node: string, book: NodeBook): void {
  book.attempts = settledAttempts(node, book);
  book.open = undefined;
}

/** The attempt of a driver that was killed never said how it ended. */
function settledAttempts(node: string, { open, attempts }: NodeBook): Ended[] {
  if (!open) return attempts;
  const { attempt, fromStep, toStep, savedStep } = open;
  // Clocks are set back now and then.
  const wallSeconds = Math.max(0, (open.seenAt - open.at) / 1000);
  const at = new Date(open.seenAt).toISOString();
  const lost: Ended = {
    ...{ type: 'attempt-ended', at, node, attempt, end: 'lost', wallSeconds, cpuSeconds: 0, peakMemory: 0 },
    ...{ fromStep, toStep, savedStep },
  };
  return [...attempts, lost];
}

/** Seconds of an attempt at its place among those of its node. */
function whereItWent(
  { attempts, failed }: Pick<NodeBook, 'attempts' | 'failed'>,
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
