/**
 * The events of a run without its plan, for commands that must answer at once: a run of thousands of nodes holds its plan
 * twice, in `plan.json` and in `run-started`, and nothing but the plan is big. `follow` waits for more of them.
 */
import { watch } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../events.ts';
import { parsed, readBriefly, readWithoutPlans } from './brief-events.ts';
import type { Store } from './store.ts';
import { eachPiece } from './whole-lines.ts';

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
   * Only what tells how things stand: every `run-started` has an empty plan, a done node has no beginning, and of progress
   * only the last few lines of an attempt without an end are read.
   */
  readonly brief?: boolean;
  /** `false`: every event, each `run-started` with an empty plan. */
  readonly plans?: boolean;
}

/** Whole lines from an offset on. */
export function readRunEvents(path: string, { from = 0, brief = false, plans = true }: Reading = {}): ReadEvents {
  if (brief) return readBriefly(path, from);
  if (!plans) return readWithoutPlans(path, from);
  const events: RunEvent[] = [];
  const next = eachPiece(path, from, (bytes) => {
    for (const line of bytes.toString().split('\n')) {
      const event = line === '' ? undefined : parsed(line);
      if (event) events.push(event);
    }
  });
  return { events, next };
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
