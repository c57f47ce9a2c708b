/**
 * Who holds a lease, and whether that process lives: by the table of processes where we can see it, else by the age of
 * the heartbeat, told by the clock of the disk.
 */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BeatWatch } from './beat-watch.ts';
import { errorCode } from './disk-failure.ts';
import { temporaryPath } from './durable.ts';
import { fault } from './faults.ts';
import { liveness, type ProcessIdentity } from './processes.ts';

/** Somebody else has it. */
export interface HeldBy {
  readonly held: false;
  readonly host: string;
  readonly pid: number;
  readonly run: string;
  /** ISO-8601 UTC. */
  readonly since: string;
}

export interface Owner extends ProcessIdentity {
  readonly run: string;
  readonly since: string;
  readonly token: string;
}

export const heldFolder = (folder: string) => join(folder, 'held');

export function holderIn(folder: string, tmp: string): HeldBy | undefined {
  const owner = readOwner(folder);
  return owner && isLive(folder, tmp, owner) ? heldBy(owner) : undefined;
}

export function readOwner(folder: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(join(heldFolder(folder), 'owner.json'), 'utf8')) as Owner;
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === 'ENOENT') return unreadableOwner(folder);
    throw error;
  }
}

/** No process has this number. */
export const UNREADABLE = 0;

/** A lease whose owner a power cut (or a person) has wiped out; it ends a minute after it was made. */
function unreadableOwner(folder: string): Owner | undefined {
  const held = statSync(heldFolder(folder), { throwIfNoEntry: false });
  if (!held) return undefined;
  const since = new Date(held.mtimeMs).toISOString();
  return {
    host: 'an unknown host',
    machine: '',
    pid: UNREADABLE,
    started: '',
    run: '',
    since,
    token: `${held.mtimeMs}`,
  };
}

export function isLive(folder: string, tmp: string, owner: Owner): boolean {
  const seen = liveness(owner);
  if (seen !== 'unknown') return seen === 'alive';
  const path = owner.pid === UNREADABLE ? heldFolder(folder) : join(heldFolder(folder), owner.token);
  const beat = statSync(path, { throwIfNoEntry: false });
  return beat !== undefined && beats.isFresh(path, beat.mtimeMs, diskNow(tmp));
}

const beats = new BeatWatch();

/** The time by the clock that stamps the heartbeats: on a network disk not ours. */
function diskNow(tmp: string): number {
  const touched = temporaryPath(tmp);
  writeFileSync(touched, '');
  fault('clock-touched');
  const { mtimeMs } = statSync(touched);
  rmSync(touched, { force: true });
  fault('clock-read');
  return mtimeMs;
}

export function heldBy({ host, pid, run, since }: Owner): HeldBy {
  return { held: false, host, pid, run, since };
}
