/** What a script learns from a command; the whole list. */
import type { Failure } from '../../base/result.ts';

export const EXIT = {
  done: 0,
  /** Some cells failed. */
  failed: 1,
  /** Wrong usage or an invalid experiment; nothing was started. */
  usage: 2,
  /** The store is damaged, full, gone, not to be written, or of a newer version. */
  store: 3,
  /** Locked by a live lease. */
  locked: 4,
  /** A peer or an optional package is missing. */
  packageMissing: 5,
  /** `diff --exit-code` found differences. */
  different: 6,
  /** A bug; sysexits' EX_SOFTWARE. */
  bug: 70,
  /** Interrupted: the same command continues; sysexits' EX_TEMPFAIL. */
  interrupted: 75,
  /** Stopped by a second Ctrl-C. */
  stopped: 130,
} as const;

export function exitCodeOf({ code }: Failure): number {
  if (['STORE_MISSING', 'STORE_RUN_MISSING', 'STORE_NODE_MISSING'].includes(code)) return EXIT.usage;
  if (code === 'STORE_BUSY' || code === 'INDEX_LOCKED') return EXIT.locked;
  if (code.startsWith('STORE_')) return EXIT.store;
  if (code === 'BACKEND_MISSING' || code === 'INDEX_UNAVAILABLE') return EXIT.packageMissing;
  return EXIT.usage;
}
