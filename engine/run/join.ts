/** Waiting for a node that another driver computes: until its key is there, or its lease is free again. */
import { setTimeout as pause } from 'node:timers/promises';
import { readKey } from '../store/keys.ts';
import { leaseHolder } from '../store/leases.ts';
import type { Store } from '../store/store.ts';

/** Nothing tells across machines that a file has appeared: it is looked for. */
const LOOK_EVERY_MS = 250;

export async function joinOther(
  store: Store,
  key: string,
  signal: AbortSignal,
  /** Called at every look, with the key still missing. */
  onLook: () => void = () => {},
): Promise<'done' | 'free' | 'cancelled'> {
  for (;;) {
    if (signal.aborted) return 'cancelled';
    // The lease first: whoever gives it back has written the key before.
    const holder = leaseHolder(store, key);
    if (readKey(store, key)) return 'done';
    onLook();
    if (!holder) return 'free';
    await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}
