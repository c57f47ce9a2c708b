/**
 * What attempts share: threads, memory, GPUs, and how many may run at all. Whoever waits is served in the order of its place
 * in the plan; where the first does not fit, smaller ones behind it may pass, but only so often, so that a large node gets
 * its turn. It knows amounts and places, nothing of nodes.
 */
export interface Need {
  readonly threads: number;
  /** Bytes. */
  readonly memory: number;
  readonly gpus: number;
}

export interface Capacity extends Omit<Need, 'gpus'> {
  /** By name; handed out one by one. */
  readonly gpus: readonly string[];
  /** Side by side, whatever they need. */
  readonly attempts: number;
}

export interface Grant {
  readonly gpus: readonly string[];
  /** Gives back what is held and waits for something else. */
  exchange(need: Need): Promise<void>;
  release(): void;
}

interface Waiting {
  readonly need: Need;
  readonly place: number;
  readonly serve: (gpus: string[]) => void;
  passed: number;
}

/** How often others may pass somebody who does not fit yet; also how many are looked at behind the first. */
const PATIENCE = 64;

export class Pool {
  readonly #capacity: Capacity;
  readonly #gpus: string[];
  #threads: number;
  #memory: number;
  #attempts: number;
  /** By place. */
  readonly #waiting: Waiting[] = [];

  constructor(capacity: Capacity) {
    this.#capacity = capacity;
    this.#gpus = [...capacity.gpus];
    this.#threads = capacity.threads;
    this.#memory = capacity.memory;
    this.#attempts = capacity.attempts;
  }

  /** Whether anybody waits. */
  get isWanted(): boolean {
    return this.#waiting.length > 0;
  }

  /** What can never be there is cut to all there is: its owner then runs alone. */
  async acquire(wanted: Need, place: number): Promise<Grant> {
    let need = this.#possible(wanted);
    let gpus = await this.#wait(need, place);
    let held = true;
    return {
      get gpus() {
        return gpus;
      },
      exchange: async (other) => {
        this.#giveBack(need, gpus);
        need = this.#possible(other);
        gpus = await this.#wait(need, place);
      },
      release: () => {
        if (held) this.#giveBack(need, gpus);
        held = false;
      },
    };
  }

  #possible({ threads, memory, gpus }: Need): Need {
    return {
      threads: Math.min(threads, this.#capacity.threads),
      memory: Math.min(memory, this.#capacity.memory),
      gpus: Math.min(gpus, this.#capacity.gpus.length),
    };
  }

  #wait(need: Need, place: number): Promise<string[]> {
    return new Promise((serve) => {
      this.#waiting.splice(this.#placeFor(place), 0, { need, place, serve, passed: 0 });
      this.#serve();
    });
  }

  #placeFor(place: number): number {
    let [low, high] = [0, this.#waiting.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#waiting[middle] as Waiting).place <= place) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #giveBack({ threads, memory }: Need, gpus: readonly string[]): void {
    this.#threads += threads;
    this.#memory += memory;
    this.#attempts++;
    this.#gpus.push(...gpus);
    // The same names for the same work, as far as possible: their processes still have them.
    this.#gpus.sort((a, b) => this.#capacity.gpus.indexOf(a) - this.#capacity.gpus.indexOf(b));
    this.#serve();
  }

  #serve(): void {
    for (let at = 0; at < Math.min(this.#waiting.length, PATIENCE) && this.#attempts > 0 && this.#threads > 0; ) {
      const next = this.#waiting[at] as Waiting;
      if (!this.#fits(next.need)) {
        if (next.passed >= PATIENCE) return;
        at++;
        continue;
      }
      this.#waiting.splice(at, 1);
      for (const behind of this.#waiting.slice(0, at)) behind.passed++;
      this.#threads -= next.need.threads;
      this.#memory -= next.need.memory;
      this.#attempts--;
      next.serve(this.#gpus.splice(0, next.need.gpus));
    }
  }

  #fits({ threads, memory, gpus }: Need): boolean {
    return threads <= this.#threads && memory <= this.#memory && gpus <= this.#gpus.length;
  }
}
