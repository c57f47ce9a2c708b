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
 * through, and none can move away the lease of who came next. The fencing number only grows.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Failure } from '../../base/result.ts';
import { errorCode, onDisk } from './disk-failure.ts';
import { temporaryPath } from './durable.ts';
import { fault } from './faults.ts';
import { renewLease, STALE_AFTER_MS } from './heartbeat.ts';
import { liveness, type ProcessIdentity, thisProcess } from './processes.ts';
import type { Store } from './store.ts';

export { RENEW_EVERY_MS, renewLease, STALE_AFTER_MS } from './heartbeat.ts';

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

/** Somebody else has it. */
export interface HeldBy {
  readonly held: false;
  readonly host: string;
  readonly pid: number;
  readonly run: string;
  /** ISO-8601 UTC. */
  readonly since: string;
}

interface Owner extends ProcessIdentity {
  readonly run: string;
  readonly since: string;
  readonly token: string;
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
      moveAway(folder, standing.token);
    }
  });
}

/** Who holds it now, if anybody who lives. */
export function leaseHolder(store: Store, key: string): HeldBy | undefined {
  return holderIn(leaseFolder(store, key), store.tmp);
}

export function holderIn(folder: string, tmp: string): HeldBy | undefined {
  const owner = readOwner(folder);
  return owner && isLive(folder, tmp, owner) ? heldBy(owner) : undefined;
}

const heldFolder = (folder: string) => join(folder, 'held');

/** Renaming a folder onto one that is not empty fails, on every system. */
function tryTaking(folder: string, tmp: string, owner: Owner): boolean {
  const built = temporaryPath(tmp);
  mkdirSync(built);
  writeFileSync(join(built, 'owner.json'), `${JSON.stringify(owner, null, 1)}\n`);
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
    check: () => statSync(heartbeat, { throwIfNoEntry: false }) !== undefined,
    renew: () => renewLease(heartbeat),
    release() {
      if (!moveAway(folder, owner.token)) return;
      // Those of owners that died before us, too: whoever still has one in mind can at worst make a `check` say no.
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
  }
  const beside = temporaryPath(tmp);
  writeFileSync(beside, `${last + 1}\n`);
  renameSync(beside, path);
  return last + 1;
}

const staleFolder = (folder: string, token: string) => join(folder, `stale-${token}`);

/** False when it has been moved away before. */
function moveAway(folder: string, token: string): boolean {
  try {
    renameSync(heldFolder(folder), staleFolder(folder, token));
    fault('lease-moved');
    return true;
  } catch (error) {
    if (stands(error) || errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

function readOwner(folder: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(join(heldFolder(folder), 'owner.json'), 'utf8')) as Owner;
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === 'ENOENT') return unreadableOwner(folder);
    throw error;
  }
}

/** A lease whose owner a power cut (or a person) has wiped out; it ends a minute after it was made. */
function unreadableOwner(folder: string): Owner | undefined {
  const held = statSync(heldFolder(folder), { throwIfNoEntry: false });
  if (!held) return undefined;
  const since = new Date(held.mtimeMs).toISOString();
  return { host: 'an unknown host', machine: '', pid: 0, started: '', run: '', since, token: `${held.mtimeMs}` };
}

/** By the table of processes where we can see it, else by the heartbeat. */
function isLive(folder: string, tmp: string, owner: Owner): boolean {
  const seen = liveness(owner);
  if (seen !== 'unknown') return seen === 'alive';
  const beat = statSync(owner.pid === 0 ? heldFolder(folder) : join(heldFolder(folder), owner.token), {
    throwIfNoEntry: false,
  });
  return beat !== undefined && diskNow(tmp) - beat.mtimeMs < STALE_AFTER_MS;
}

/** The time by the clock that stamps the heartbeats: on a network disk not ours. */
function diskNow(tmp: string): number {
  const touched = temporaryPath(tmp);
  writeFileSync(touched, '');
  const { mtimeMs } = statSync(touched);
  rmSync(touched, { force: true });
  return mtimeMs;
}

function heldBy({ host, pid, run, since }: Owner): HeldBy {
  return { held: false, host, pid, run, since };
}
