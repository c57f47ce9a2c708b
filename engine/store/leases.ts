/**
 * A lease says that one process works on something (a node, by its key; a run, by its driver) and that nobody else should.
 *
 *     <folder>/held/owner.json      who
 *     <folder>/held/<token>         the heartbeat; its name is known to this owner alone
 *     <folder>/fence                how many leases there have been
 *     <folder>/stale-<token>/       a lease that was taken over or given back
 *
 * `held/` is built beside and renamed into place, which fails where one stands. It is never removed in place: it is
 * renamed to `stale-<token>`, and since that name then exists, of several who found the same owner dead only one gets
 * through, and the lease of who came next stays. The fencing number only grows.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Failure } from '../../base/result.ts';
import { errorCode, onDisk } from './disk-failure.ts';
import { temporaryPath } from './durable.ts';
import { fault, faultArmed } from './faults.ts';
import { renewLease } from './heartbeat.ts';
import { type HeldBy, heldBy, heldFolder, holderIn, isLive, type Owner, readOwner, UNREADABLE } from './lease-owner.ts';
import { type ProcessIdentity, thisProcess } from './processes.ts';
import type { Store } from './store.ts';

export { RENEW_EVERY_MS, renewLease, STALE_AFTER_MS } from './heartbeat.ts';
export { type HeldBy, holderIn } from './lease-owner.ts';

export interface LeaseOwner {
  readonly run: string;
  /** This process where absent. */
  readonly process?: ProcessIdentity;
}

export interface Lease {
  readonly held: true;
  /** Grows with every lease on the same thing. */
  readonly fence: number;
  /** For `renewLease`, in whatever thread. */
  readonly heartbeat: string;
  /** Whether it is still ours: to be asked before everything that others will see. */
  check(): boolean;
  renew(): boolean;
  release(): void;
  /** What to say when `check` says no. */
  lost(): Failure;
}

export function leaseFolder(store: Store, key: string): string {
  return join(store.leases, key);
}

/** The lease of a node. */
export function takeLease(store: Store, key: string, owner: LeaseOwner): Lease | HeldBy {
  return takeLeaseIn(leaseFolder(store, key), store.tmp, owner);
}

export function takeLeaseIn(folder: string, tmp: string, { run, process = thisProcess() }: LeaseOwner): Lease | HeldBy {
  return onDisk(folder, () => {
    const token = randomBytes(12).toString('hex');
    const owner: Owner = { ...process, run, since: new Date().toISOString(), token };
    mkdirSync(folder, { recursive: true });
    for (;;) {
      if (tryTaking(folder, tmp, owner)) return leaseOf(folder, tmp, owner);
      const standing = readOwner(folder);
      if (!standing) continue;
      if (isLive(folder, tmp, standing)) return heldBy(standing);
      breakLease(folder, standing);
    }
  });
}

/** Who holds it now, if anybody who lives. */
export function leaseHolder(store: Store, key: string): HeldBy | undefined {
  return holderIn(leaseFolder(store, key), store.tmp);
}

/** Renaming a folder onto one that is not empty fails, on every system. */
function tryTaking(folder: string, tmp: string, owner: Owner): boolean {
  const built = temporaryPath(tmp);
  mkdirSync(built);
  writeFileSync(join(built, 'owner.json'), `${JSON.stringify(owner, null, 1)}\n`);
  fault('lease-owner-written');
  writeFileSync(join(built, owner.token), '.');
  fault('lease-built');
  try {
    renameSync(built, heldFolder(folder));
    fault('lease-taken');
    return true;
  } catch (error) {
    rmSync(built, { recursive: true, force: true });
    if (stands(error)) return false;
    throw error;
  }
}

function stands(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOTEMPTY' || code === 'EEXIST' || (code === 'EPERM' && process.platform === 'win32');
}

function leaseOf(folder: string, tmp: string, owner: Owner): Lease {
  const heartbeat = join(heldFolder(folder), owner.token);
  const fence = nextFence(folder, tmp);
  fault('lease-fenced');
  return {
    held: true,
    fence,
    heartbeat,
    check: () => holds(folder, owner),
    renew: () => renewLease(heartbeat),
    release() {
      if (!holds(folder, owner) || !breakLease(folder, owner)) return;
      // Those of owners that died before us, too.
      for (const name of readdirSync(folder))
        if (name.startsWith('stale-')) rmSync(join(folder, name), { recursive: true, force: true });
      fault('lease-released');
    },
    lost: () => lostLease(folder, owner),
  };
}

function lostLease(folder: string, owner: Owner): Failure {
  const now = readOwner(folder);
  return {
    code: 'LEASE_LOST',
    message: now
      ? `Process ${now.pid} on ${now.host} took this work over, since this process showed no life for a minute.`
      : 'The lease of this work was removed while it was under way.',
    place: folder,
    help: `Nothing is lost: run \`${owner.run}\` is continued by the same command.`,
  };
}

/** Only the holder counts, so nobody counts at the same time. */
function nextFence(folder: string, tmp: string): number {
  const path = join(folder, 'fence');
  let last = 0;
  try {
    last = Number.parseInt(readFileSync(path, 'utf8'), 10) || 0;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    // Cut off before it holds a number, it has told nobody one.
    if (faultArmed('fence-begun')) writeFileSync(path, '');
    fault('fence-begun');
    writeFileSync(path, '1\n');
    fault('fence-written');
    return 1;
  }
  const beside = temporaryPath(tmp);
  writeFileSync(beside, `${last + 1}\n`);
  fault('fence-beside');
  renameSync(beside, path);
  fault('fence-renamed');
  return last + 1;
}

const staleFolder = (folder: string, token: string) => join(folder, `stale-${token}`);

function holds(folder: string, { token }: Owner): boolean {
  return statSync(join(heldFolder(folder), token), { throwIfNoEntry: false }) !== undefined;
}

/** False when it has been moved away before. */
export function breakLease(folder: string, owner: Owner): boolean {
  const stale = staleFolder(folder, owner.token);
  try {
    renameSync(heldFolder(folder), stale);
    fault('lease-moved');
    if (owner.pid === UNREADABLE || statSync(join(stale, owner.token), { throwIfNoEntry: false })) return true;
    // Since we looked, that lease was taken over and ended, and another one began: it goes back to its owner.
    renameSync(stale, heldFolder(folder));
    fault('lease-put-back');
    return false;
  } catch (error) {
    if (stands(error) || errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
