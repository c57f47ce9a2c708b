/**
 * The order in which p-queue starts what waits: by place in the plan, as far as it fits what is free; where the first does
 * not fit, smaller ones behind it may pass, but only so often, so that a large one gets its turn.
 *
 * Invariant: `size` counts what could start now, not what waits. p-queue asks for it before it takes a job, and calls what
 * `dequeue` gives without looking, so where nothing fits the queue must seem empty.
 */
import type { Queue, QueueAddOptions } from 'p-queue';

export interface Need {
  readonly threads: number;
  /** Bytes. */
  readonly memory: number;
  readonly gpus: number;
}

export interface Resources extends Omit<Need, 'gpus'> {
  /** By name; handed out one by one. */
  readonly gpus: readonly string[];
}

/** What is free of what there is. */
export class Stock {
  readonly #all: Resources;
  #threads: number;
  #memory: number;
  #gpus: string[];

  constructor(all: Resources) {
    this.#all = all;
    this.#threads = all.threads;
    this.#memory = all.memory;
    this.#gpus = [...all.gpus];
  }

  /** What can never be there is cut to all there is: its owner then runs alone. */
  possible({ threads, memory, gpus }: Need): Need {
    return {
      threads: Math.min(threads, this.#all.threads),
      memory: Math.min(memory, this.#all.memory),
      gpus: Math.min(gpus, this.#all.gpus.length),
    };
  }

  get isSpent(): boolean {
    return this.#threads <= 0;
  }

  has({ threads, memory, gpus }: Need): boolean {
    return threads <= this.#threads && memory <= this.#memory && gpus <= this.#gpus.length;
  }

  take({ threads, memory, gpus }: Need): readonly string[] {
    this.#threads -= threads;
    this.#memory -= memory;
    return this.#gpus.splice(0, gpus);
  }

  giveBack({ threads, memory }: Need, gpus: readonly string[]): void {
    this.#threads += threads;
    this.#memory += memory;
    this.#gpus.push(...gpus);
    // The same names for the same work, as far as possible: their processes still have them.
    this.#gpus.sort((a, b) => this.#all.gpus.indexOf(a) - this.#all.gpus.indexOf(b));
  }
}

/** Somebody who waits, and then what it was given. */
export interface Ticket {
  readonly need: Need;
  readonly place: number;
  gpus: readonly string[];
}

export interface PackingOptions extends QueueAddOptions {
  readonly ticket: Ticket;
}

type Run = () => Promise<unknown>;

interface Waiting {
  readonly run: Run;
  readonly ticket: Ticket;
  passed: number;
}

/** How often others may pass somebody who does not fit yet; also how many are looked at behind the first. */
const PATIENCE = 64;

/** p-queue makes its own instance, so subclasses bring the stock. */
export abstract class Packing implements Queue<Run, PackingOptions> {
  protected abstract readonly stock: Stock;
  /** By place. */
  readonly #waiting: Waiting[] = [];

  get size(): number {
    return this.#next() === undefined ? 0 : 1;
  }

  enqueue(run: Run, { ticket }: Partial<PackingOptions> = {}): void {
    if (!ticket) throw new Error('Internal error: expected a ticket with every job');
    this.#waiting.splice(this.#placeFor(ticket.place), 0, { run, ticket, passed: 0 });
  }

  /** Takes from the stock what the job needs; whoever ends it gives that back. */
  dequeue(): Run | undefined {
    const at = this.#next();
    const [next] = at === undefined ? [] : this.#waiting.splice(at, 1);
    if (!next) return undefined;
    for (const behind of this.#waiting.slice(0, at)) behind.passed++;
    next.ticket.gpus = this.stock.take(next.ticket.need);
    return next.run;
  }

  filter(): Run[] {
    return this.#waiting.map(({ run }) => run);
  }

  setPriority(): void {
    throw new Error('Internal error: expected the order of the plan to stay');
  }

  /** The first that fits; nobody behind one whose patience is over. */
  #next(): number | undefined {
    for (let at = 0; at < Math.min(this.#waiting.length, PATIENCE) && !this.stock.isSpent; at++) {
      const { ticket, passed } = this.#waiting[at] as Waiting;
      if (this.stock.has(ticket.need)) return at;
      if (passed >= PATIENCE) return undefined;
    }
    return undefined;
  }

  #placeFor(place: number): number {
    let [low, high] = [0, this.#waiting.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#waiting[middle] as Waiting).ticket.place <= place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
