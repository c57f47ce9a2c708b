/**
 * `standing.json` of a run: what its events come to, kept when a driver lets go of it, so that a look at thousands of attempts
 * need not read them again. Only ever a picture of the events: it is believed while they have the length and the time of
 * change that they had when it was made, and its own digest is right; else they are read. Nothing is lost with it.
 */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../base/digest.ts';
import { temporaryPath } from './durable.ts';
import { fault } from './faults.ts';
import { eventsPath } from './run-events.ts';
import type { Store } from './store.ts';

/** Counted up with every change to what is kept or to how it is made from events. */
const SCHEMA = 'retort-standing/1';

interface Kept {
  readonly schema: string;
  readonly events: string;
  readonly sha256: string;
  readonly standing: unknown;
}

function standingPath(store: Store, run: string): string {
  return join(store.runs, run, 'standing.json');
}

/** Undefined where none was kept, or something has happened in the run since. */
export function readKeptStanding(store: Store, run: string): unknown {
  try {
    const {
      schema,
      events,
      sha256: digest,
      standing,
    } = JSON.parse(readFileSync(standingPath(store, run), 'utf8')) as Kept;
    if (schema !== SCHEMA || events !== stateOf(eventsPath(store, run))) return undefined;
    return sha256(JSON.stringify(standing)) === digest ? standing : undefined;
  } catch {
    // Not there, cut short or not to be read: the events tell the same.
    return undefined;
  }
}

/** `make` reads the events. Not synced to the disk: one that is lost, or could not be written, costs a look its time. */
export function keepStanding(store: Store, run: string, make: () => unknown): void {
  const beside = temporaryPath(store.tmp);
  try {
    // Asked before they are read: should another driver go on with the run meanwhile, this no longer fits.
    const events = stateOf(eventsPath(store, run));
    const standing = make();
    const kept: Kept = { schema: SCHEMA, events, sha256: sha256(JSON.stringify(standing)), standing };
    writeFileSync(beside, `${JSON.stringify(kept)}\n`);
    fault('standing-written');
    renameSync(beside, standingPath(store, run));
    fault('standing-renamed');
  } catch {
    rmSync(beside, { force: true });
  }
}

/** Bytes, and nanoseconds since the epoch. */
function stateOf(path: string): string {
  const { size, mtimeNs } = statSync(path, { bigint: true });
  return `${size} bytes, changed ${mtimeNs}`;
}
