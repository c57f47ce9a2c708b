/** Who holds a lease, since when, and what tells whether that process lives; and how a lease is broken by hand. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { heldFolder, isLive, type Owner, readOwner, UNREADABLE } from './lease-owner.ts';
import { breakLease as breakIn } from './leases.ts';
import { liveness } from './processes.ts';

export interface LeaseEvidence {
  readonly host: string;
  readonly pid: number;
  readonly run: string;
  /** ISO-8601 UTC. */
  readonly since: string;
  /** What the table of processes of this machine says; `unknown` for other machines. */
  readonly process: 'alive' | 'dead' | 'unknown';
  /** When it last showed life; undefined where that is not to be read. */
  readonly beatAt?: string;
  /** Whether others must wait for it. */
  readonly live: boolean;
}

export function leaseEvidence(folder: string, tmp: string): LeaseEvidence | undefined {
  const owner = readOwner(folder);
  if (!owner) return undefined;
  const beat = statSync(join(heldFolder(folder), owner.token), { throwIfNoEntry: false });
  const { host, pid, run, since } = owner;
  return {
    host,
    pid,
    run,
    since,
    process: pid === UNREADABLE ? 'unknown' : liveness(owner),
    ...(beat && { beatAt: beat.mtime.toISOString() }),
    live: isLive(folder, tmp, owner),
  };
}

/**
 * Takes a lease away from whoever holds it. The owner notices at its next commit or checkpoint, before it writes, and its
 * attempt ends as lost: nothing of it is half done. False where another holder came in between.
 */
export function breakLease(folder: string): boolean {
  const owner: Owner | undefined = readOwner(folder);
  return owner === undefined || breakIn(folder, owner);
}
