/**
 * The events of a run without its plan, for commands that must answer at once: a run of thousands of nodes holds its plan
 * twice, in `plan.json` and in `run-started`, and nothing but the plan is big. `follow` waits for more of them.
 */
import { closeSync, fstatSync, openSync, readSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../events.ts';
import type { Plan } from '../plan/plan.ts';
import { errorCode } from './disk-failure.ts';
import type { Store } from './store.ts';

export function eventsPath(store: Store, run: string): string {
  return join(store.runs, run, 'events.ndjson');
}

export interface ReadEvents {
  readonly events: readonly RunEvent[];
  /** Offset to go on from. */
  readonly next: number;
}

export interface Reading {
  readonly from?: number;
  /**
   * Only what tells how things stand: every `run-started` has an empty plan, and of the progress of a node only the last
   * few lines of an attempt without an end are read.
   */
  readonly brief?: boolean;
}

/** Whole lines from an offset on. */
export function readRunEvents(path: string, { from = 0, brief = false }: Reading = {}): ReadEvents {
  const bytes = bytesFrom(path, from);
  const end = bytes.lastIndexOf(0x0a) + 1;
  const text = bytes.toString('utf8', 0, end);
  return {
    events: brief ? briefly(text) : linesOf(text).flatMap(([start, stop]) => parsed(text.slice(start, stop)) ?? []),
    next: from + end,
  };
}

function linesOf(text: string): [start: number, stop: number][] {
  const lines: [number, number][] = [];
  for (let start = 0; start < text.length; ) {
    const stop = text.indexOf('\n', start);
    if (stop > start) lines.push([start, stop]);
    start = stop + 1;
  }
  return lines;
}

function parsed(line: string): RunEvent | undefined {
  try {
    return JSON.parse(line) as RunEvent;
  } catch {
    // Cut by a kill.
    return undefined;
  }
}

/** `{"at":"2026-01-01T00:00:00.000Z","type":"`, as the journal writes every event. */
const TYPE_AT = 41;
const PROGRESS = 'node-progress","node":"';
const STARTED = 'run-started"';
/** Enough for a rate and a sparkline. */
const RECENT = 16;

function briefly(text: string): RunEvent[] {
  const lines = linesOf(text);
  const events: (RunEvent | undefined)[] = lines.map(() => undefined);
  /** Node → places of its last lines of progress. */
  const recent = new Map<string, number[]>();
  lines.forEach(([start, stop], place) => {
    if (text.startsWith(PROGRESS, start + TYPE_AT)) {
      const name = start + TYPE_AT + PROGRESS.length;
      const node = text.slice(name, text.indexOf('"', name));
      const places = recent.get(node);
      if (!places) recent.set(node, [place]);
      else if (places.push(place) > 2 * RECENT) places.splice(0, RECENT);
      return;
    }
    const event = text.startsWith(STARTED, start + TYPE_AT)
      ? withoutPlan(text.slice(start, stop))
      : parsed(text.slice(start, stop));
    events[place] = event;
    if (event?.type === 'attempt-ended' || event?.type === 'node-done') recent.delete(event.node);
  });
  for (const places of recent.values())
    for (const place of places.slice(-RECENT)) {
      const [start, stop] = lines[place] ?? [0, 0];
      events[place] = parsed(text.slice(start, stop));
    }
  return events.flatMap((event) => event ?? []);
}

const NO_PLAN = { nodes: [], cells: [], axes: {}, experiment: { name: '', file: '' }, data: { description: '' } };

function withoutPlan(line: string): RunEvent | undefined {
  const plan = line.indexOf(',"plan":');
  if (plan < 0) return parsed(line);
  try {
    const started = JSON.parse(`${line.slice(0, plan)}}`) as object;
    return { ...started, plan: NO_PLAN as unknown as Plan, continues: false } as RunEvent;
  } catch {
    return undefined;
  }
}

function bytesFrom(path: string, from: number): Buffer {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - from));
    let read = 0;
    while (read < bytes.length) {
      const more = readSync(file, bytes, read, bytes.length - read, from + read);
      if (more === 0) break;
      read += more;
    }
    return bytes.subarray(0, read);
  } finally {
    closeSync(file);
  }
}

/** Network disks tell nothing of what others write, so a look now and then comes on top. */
const LOOK_EVERY_MS = 2_000;

export interface Following {
  close(): void;
}

/** Calls `look` when the file (or what lies in the folder) may have changed; costs nothing while it does not. */
export function follow(path: string, look: () => void): Following {
  const timer = setInterval(look, LOOK_EVERY_MS);
  let watcher: ReturnType<typeof watch> | undefined;
  try {
    watcher = watch(path, () => look());
    // Gone, or no more watches to be had: the timer stays.
    watcher.on('error', () => watcher?.close());
  } catch {
    watcher = undefined;
  }
  return {
    close() {
      clearInterval(timer);
      watcher?.close();
    },
  };
}
