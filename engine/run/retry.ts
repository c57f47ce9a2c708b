/**
 * Whether a node is tried again, by who is to blame:
 *
 *     the place   a killed process, a lost lease: free of charge, but after so many accidents in a row without progress the
 *                 reason is the node itself
 *     memory      the same, with half as much more each time, up to all that the machine has
 *     the stage   as often as its `retries` say, but not when it fails in the same way twice at the same step
 *     its time    as the stage, from the checkpoint that was written when its time limit came
 */
import type { Failure } from '../../base/result.ts';

/** Accidents without progress. */
const ACCIDENTS = 3;
const GROWTH = 1.5;

export interface EndedBadly {
  readonly blame: 'place' | 'memory' | 'stage' | 'time';
  readonly failure: Failure;
  /** Steps done, and whether the attempt got as far as a checkpoint. */
  readonly step: number;
  readonly progressed: boolean;
  /** Bytes. */
  readonly peakMemory: number;
}

export class RetryPolicy {
  readonly #retries: number;
  readonly #most: number;
  #accidents = 0;
  #tried = 0;
  #last: string | undefined;
  /** Bytes that the next attempt may take; undefined where nobody has asked or needed to know. */
  memory: number | undefined;

  constructor(given: { readonly retries: number; readonly memory?: number | undefined }, machineMemory: number) {
    this.#retries = given.retries;
    this.#most = machineMemory;
    this.memory = given.memory;
  }

  /** Whether to try again; called once for every attempt that ended badly. */
  again(end: EndedBadly): boolean {
    switch (end.blame) {
      case 'memory':
        return this.#accident(end) && this.#grow(end);
      case 'place':
        return this.#accident(end);
      case 'stage':
      case 'time':
        return this.#retry(end);
    }
  }

  #accident({ progressed }: EndedBadly): boolean {
    this.#accidents = progressed ? 1 : this.#accidents + 1;
    return this.#accidents <= ACCIDENTS;
  }

  #grow({ peakMemory }: EndedBadly): boolean {
    const had = this.memory ?? peakMemory;
    if (had >= this.#most) return false;
    this.memory = Math.min(this.#most, Math.ceil(had * GROWTH));
    return true;
  }

  #retry({ failure, step, progressed }: EndedBadly): boolean {
    const what = `${failure.code} ${failure.message} ${step}`;
    const isSame = this.#last === what && !progressed;
    this.#last = what;
    this.#tried++;
    return this.#tried <= this.#retries && !isSame && !isOfTheStore(failure);
  }
}

/** What every node would meet: nothing more is started. A single damaged object is the matter of who reads it. */
export function isOfTheStore({ code }: Failure): boolean {
  return STORE_FAILURES.has(code);
}

const STORE_FAILURES = new Set([
  'STORE_FULL',
  'STORE_READ_ONLY',
  'STORE_GONE',
  'STORE_MISSING',
  'STORE_DISK',
  'STORE_NOT_A_FOLDER',
  'STORE_NEWER',
  'STORE_DAMAGED',
]);
