/**
 * What attempts share: threads, memory, GPUs, and how many may run at all. p-queue runs them, as many side by side as are
 * allowed, and `packing.ts` says which is next. It knows amounts and places, nothing of nodes.
 */
import PQueue from 'p-queue';
import { type Need, Packing, type PackingOptions, type Resources, Stock, type Ticket } from './packing.ts';

export type { Need } from './packing.ts';

export interface Capacity extends Resources {
  /** Side by side, whatever they need. */
  readonly attempts: number;
}

export interface Grant {
  readonly gpus: readonly string[];
  /** Seconds that were waited for it since it was last asked; each is told once. */
  waited(): number;
  /** Gives back what is held and waits for something else. */
  exchange(need: Need): Promise<void>;
  release(): void;
}

interface Held {
  readonly gpus: readonly string[];
  giveBack(): void;
}

export class Pool {
  readonly #stock: Stock;
  readonly #queue: PQueue<Packing, PackingOptions>;
  #waiting = 0;

  constructor(capacity: Capacity) {
    const stock = new Stock(capacity);
    this.#stock = stock;
    this.#queue = new PQueue({
      concurrency: capacity.attempts,
      queueClass: class extends Packing {
        protected readonly stock = stock;
      },
    });
    // Where one ends p-queue starts one, and a large one may make room for several.
    this.#queue.on('next', () => {
      this.#queue.pause();
      this.#queue.start();
    });
  }

  /** Whether anybody waits. */
  get isWanted(): boolean {
    return this.#waiting > 0;
  }

  async acquire(need: Need, place: number): Promise<Grant> {
    let untold = 0;
    const wait = async (wanted: Need): Promise<Held> => {
      const begun = performance.now();
      const held = await this.#wait(wanted, place);
      untold += (performance.now() - begun) / 1000;
      return held;
    };
    let held = await wait(need);
    return {
      get gpus() {
        return held.gpus;
      },
      exchange: async (other) => {
        held.giveBack();
        held = await wait(other);
      },
      waited: () => {
        const told = untold;
        untold = 0;
        return told;
      },
      release: () => held.giveBack(),
    };
  }

  #wait(wanted: Need, place: number): Promise<Held> {
    const ticket: Ticket = { need: this.#stock.possible(wanted), place, gpus: [] };
    this.#waiting++;
    return new Promise((serve) => {
      const hold = () => {
        this.#waiting--;
        return new Promise<void>((end) => serve(this.#held(ticket, end)));
      };
      void this.#queue.add(hold, { ticket });
    });
  }

  #held({ need, gpus }: Ticket, end: () => void): Held {
    let isOurs = true;
    return {
      gpus,
      giveBack: () => {
        if (!isOurs) return;
        isOurs = false;
        this.#stock.giveBack(need, gpus);
        end();
      },
    };
  }
}
