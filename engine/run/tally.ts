/** How the nodes of a run have ended so far, and what that makes of the run. */
import type { Failure } from '../../base/result.ts';
import { isOfTheStore } from './retry.ts';

export class Tally {
  #executed = 0;
  #hits = 0;
  #failed = 0;
  #store: Failure | undefined;
  #cancelled = 0;

  computed(): void {
    this.#executed++;
  }

  hit(): void {
    this.#hits++;
  }

  failed(failure: Failure): void {
    this.#failed++;
    if (isOfTheStore(failure)) this.#store ??= failure;
  }

  get hasFailed(): boolean {
    return this.#failed > 0;
  }

  /** Why the run could not go on at all. */
  get storeFailure(): Failure | undefined {
    return this.#store;
  }

  cancelled(): void {
    this.#cancelled++;
  }

  get executed(): number {
    return this.#executed;
  }

  get hits(): number {
    return this.#hits;
  }

  /** An interrupted run can be continued, also where something has failed in it. */
  get outcome(): 'done' | 'failed' | 'interrupted' {
    if (this.#cancelled > 0) return 'interrupted';
    return this.#failed > 0 ? 'failed' : 'done';
  }
}
