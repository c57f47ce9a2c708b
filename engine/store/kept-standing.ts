/**
 * `standing.json` of a run: what its events come to as far as somebody has read them, and the offset to read on from, so that
 * a look at thousands of attempts reads only what has happened since. Its driver writes it every few thousand events and when
 * it lets go of the run.
 *
 *     line 1    which events it was made from, and the digest of line 2
 *     line 2    what they come to
 *
 * Only ever a picture of the events. They are appended only, so it is believed while they have the length and the time of
 * change that they had, or have grown, and the bytes before the offset are those that were read; else they are read anew.
 */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../base/digest.ts';
import { writeHint } from './hint-files.ts';
import { eventsPath } from './run-events.ts';
import type { Store } from './store.ts';

/** Counted up with every change to what is kept or to how it is made from events. */
const SCHEMA = 'retort-standing/2';

/** Bytes before the offset that are compared: a few lines, each with its time and its node. */
const LAST_BYTES = 4096;

interface Head {
  readonly schema: string;
  /** Bytes, and nanoseconds since the epoch. */
  readonly events: { readonly size: number; readonly changed: string };
  readonly next: number;
  /** Digests of the bytes before the offset, and of line 2. */
  readonly before: string;
  readonly sha256: string;
}

export interface KeptStanding {
  readonly standing: unknown;
  /** Offset in the events to go on from. */
  readonly next: number;
}

function standingPath(store: Store, run: string): string {
  return join(store.runs, run, 'standing.json');
}

/** Undefined where none was kept, or the events are no longer those it was made from. */
export function readKeptStanding(store: Store, run: string): KeptStanding | undefined {
  try {
    const [first = '', second = ''] = readFileSync(standingPath(store, run), 'utf8').split('\n');
    const head = JSON.parse(first) as Head;
    if (head.schema !== SCHEMA || !isOf(head, eventsPath(store, run)) || sha256(second) !== head.sha256)
      return undefined;
    return { standing: JSON.parse(second), next: head.next };
  } catch {
    // Not there, cut short or not to be read: the events tell the same.
    return undefined;
  }
}

/** `make` reads the events, and says how far. One that could not be written costs a look its time. */
export function keepStanding(store: Store, run: string, make: () => KeptStanding): void {
  const path = eventsPath(store, run);
  try {
    // Asked before they are read: should another driver go on with the run meanwhile, they have grown since.
    const events = stateOf(path);
    const { standing, next } = make();
    const text = JSON.stringify(standing);
    const head: Head = { schema: SCHEMA, events, next, before: digestBefore(path, next), sha256: sha256(text) };
    writeHint(standingPath(store, run), `${JSON.stringify(head)}\n${text}\n`, { tmp: store.tmp, as: 'standing' });
  } catch {
    // The events cannot be read now; whoever needs them says so.
  }
}

function isOf({ events, next, before }: Head, path: string): boolean {
  const now = stateOf(path);
  if (now.size < next) return false;
  const same = now.size === events.size && now.changed === events.changed;
  return (same || now.size > events.size) && digestBefore(path, next) === before;
}

function stateOf(path: string): Head['events'] {
  const { size, mtimeNs } = statSync(path, { bigint: true });
  return { size: Number(size), changed: String(mtimeNs) };
}

function digestBefore(path: string, next: number): string {
  const from = Math.max(0, next - LAST_BYTES);
  const bytes = Buffer.alloc(next - from);
  const file = openSync(path, 'r');
  try {
    readSync(file, bytes, 0, bytes.length, from);
  } finally {
    closeSync(file);
  }
  return sha256(bytes);
}
