/**
 * `events.ndjson` of a run: one event a line, appended only. A line that a kill has cut is closed by the next writer and
 * skipped by every reader. Not synced: what decides is in keys and checkpoints.
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import type { RunEvent } from '../events.ts';
import { errorCode, onDisk } from './disk-failure.ts';
import { fault, faultArmed } from './faults.ts';
import type { RunFolder } from './runs.ts';

export interface EventLog {
  append(event: RunEvent): void;
  close(): void;
}

export function openEventLog({ events }: RunFolder): EventLog {
  const file = onDisk(events, () => openSync(events, 'a+'));
  if (!endsWithLine(file)) {
    writeSync(file, '\n');
    fault('event-line-closed');
  }
  return {
    append(event) {
      const line = `${JSON.stringify(event)}\n`;
      onDisk(events, () => {
        if (faultArmed('event-half-written')) {
          writeSync(file, line.slice(0, line.length >> 1));
          fault('event-half-written');
          writeSync(file, line.slice(line.length >> 1));
        } else writeSync(file, line);
      });
    },
    close: () => closeSync(file),
  };
}

/** What was written whole lines of, from a byte offset on; `next` is the offset to go on from. */
export function readEvents({ events }: RunFolder, from = 0): { readonly events: RunEvent[]; readonly next: number } {
  const bytes = readFrom(events, from);
  const end = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.subarray(0, end).toString().split('\n');
  return { events: lines.flatMap(parsed), next: from + end };
}

function parsed(line: string): RunEvent[] {
  if (line === '') return [];
  try {
    return [JSON.parse(line) as RunEvent];
  } catch {
    // Cut by a kill.
    return [];
  }
}

function readFrom(path: string, from: number): Buffer {
  try {
    return readFileSync(path).subarray(from);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

function endsWithLine(file: number): boolean {
  const { size } = fstatSync(file);
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  return last[0] === 0x0a;
}
