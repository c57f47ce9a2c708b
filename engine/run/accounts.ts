/** What one attempt has told of itself, added up for its `attempt-ended`: also where it was killed and said no last word. */
import { backendNumerics } from '../../tensor/backends/open.ts';
import type { AttemptEndKind } from '../events.ts';
import type { AttemptEnd, AttemptMessage, AttemptRequest } from '../executors/executor.ts';
import { modeOf } from '../plan/numerics.ts';
import type { KeyManifest } from '../plan/plan.ts';
import type { Unstamped } from './journal.ts';

export class Account {
  readonly #begun = performance.now();
  readonly #request: AttemptRequest;
  readonly #waited: number;
  #from = 0;
  #to = 0;
  #saved = 0;
  #usage: Extract<AttemptMessage, { type: 'usage' }> | undefined;

  /** `waited`: seconds until there was room for it. */
  constructor(request: AttemptRequest, waited: number) {
    this.#request = request;
    this.#waited = waited;
  }

  hear(message: AttemptMessage): void {
    switch (message.type) {
      case 'started':
        this.#from = this.#to = this.#saved = message.fromStep;
        return;
      case 'progress':
        this.#to = message.step;
        return;
      case 'checkpoint':
        this.#to = this.#saved = message.step;
        return;
      case 'snapshot':
        if (message.computed) this.#to = this.#saved = message.step;
        return;
      case 'usage':
        this.#usage = message;
        this.#to = Math.max(this.#to, message.step);
        return;
      case 'warning':
    }
  }

  /** Got as far as a checkpoint. */
  get progressed(): boolean {
    return this.#saved > this.#from;
  }

  /** Steps done. */
  get step(): number {
    return this.#to;
  }

  /** Bytes, as last told. */
  get peakMemory(): number {
    return this.#usage?.peakMemory ?? 0;
  }

  event(end: AttemptEnd, cancelled: boolean): Unstamped {
    const { node, attempt, gpus, backend } = this.#request;
    const { bytesRead, bytesWritten } = this.#usage ?? {};
    const own = Math.round(performance.now() - this.#begun) / 1000;
    return {
      type: 'attempt-ended',
      node: node.id,
      attempt,
      end: kindOf(end, cancelled),
      // A killed process went on after its last word.
      wallSeconds: end.type === 'lost' ? own : (this.#usage?.wallSeconds ?? (end.type === 'held' ? 0 : own)),
      cpuSeconds: this.#usage?.cpuSeconds ?? 0,
      peakMemory: this.peakMemory,
      waitedSeconds: Math.round(1000 * this.#waited) / 1000,
      gpus: gpus?.length ?? 0,
      device: deviceOf(node.manifest, backend),
      ...(bytesRead !== undefined && bytesWritten !== undefined && { bytesRead, bytesWritten }),
      fromStep: this.#from,
      toStep: this.#to,
      savedStep: end.type === 'done' ? this.#to : this.#saved,
      ...((end.type === 'failed' || end.type === 'lost') && { failure: end.failure.code }),
    };
  }
}

/** By its class, which is in the key unless that leaves the machine out: `cuda 10de:2330`, else the processor's. */
function deviceOf({ numerics }: KeyManifest, backend: string): string {
  const here = modeOf(numerics) === 'strict' ? undefined : backendNumerics(backend);
  const { provider, device, processor } = here?.ok ? here.value : numerics;
  return provider === undefined ? `${processor ?? 'processor'}` : [provider, device].filter(Boolean).join(' ');
}

function kindOf(end: AttemptEnd, cancelled: boolean): AttemptEndKind {
  return end.type === 'lost' && cancelled ? 'cancelled' : end.type;
}
