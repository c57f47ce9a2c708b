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

/** Whole lines from an offset on. `plans: false`: every `run-started` has an empty plan. */
export function readRunEvents(path: string, { from = 0, plans = true } = {}): ReadEvents {
  const bytes = bytesFrom(path, from);
  const end = bytes.lastIndexOf(0x0a) + 1;
  const events: RunEvent[] = [];
  for (let start = 0; start < end; ) {
    const stop = bytes.indexOf(0x0a, start);
    const event = parsed(bytes, start, stop, plans);
    if (event) events.push(event);
    start = stop + 1;
  }
  return { events, next: from + end };
}

/** Before the plan stand time, type, run and folder. */
const HEAD = 2048;
const NO_PLAN = { nodes: [], cells: [], axes: {}, experiment: { name: '', file: '' }, data: { description: '' } };

function parsed(bytes: Buffer, start: number, stop: number, plans: boolean): RunEvent | undefined {
  if (stop === start) return undefined;
  try {
    if (!plans && stop - start > HEAD) {
      const head = bytes.toString('utf8', start, start + HEAD);
      const plan = head.indexOf(',"plan":');
      if (head.includes('"type":"run-started"') && plan > 0) {
        const started = JSON.parse(`${head.slice(0, plan)}}`) as object;
        return { ...started, plan: NO_PLAN as unknown as Plan, continues: false } as RunEvent;
      }
    }
    return JSON.parse(bytes.toString('utf8', start, stop)) as RunEvent;
  } catch {
    // Cut by a kill.
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
