/**
 * The heartbeat of a lease: a file whose time of change says when its owner last lived. Nothing else is imported here,
 * for a worker thread beats while the main thread sits in a native call.
 */
import { closeSync, openSync, writeSync } from 'node:fs';

/** How often to renew, and after how long without it a lease is stale. */
export const RENEW_EVERY_MS = 5_000;
export const STALE_AFTER_MS = 60_000;

/**
 * Renews the lease with this heartbeat file (`lease.heartbeat`); false when it is no longer ours. Writing a byte, not
 * setting a time, makes the disk's own clock count, on a network disk too.
 */
export function renewLease(heartbeat: string): boolean {
  let file: number;
  try {
    file = openSync(heartbeat, 'r+');
  } catch {
    return false;
  }
  try {
    writeSync(file, '.', 0);
    return true;
  } finally {
    closeSync(file);
  }
}
