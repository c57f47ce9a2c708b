/**
 * What checking a data set has told, remembered with the state of its files (size, time and inode): checking unpacks and
 * reads them, which would take longer than everything else that a plan needs. What is remembered lies in the store and may
 * be deleted at any time.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../base/digest.ts';
import type { DataSummary } from '../../data/data-set.ts';
import type { CheckedData } from '../../data/registry.ts';
import { writeHint } from '../store/hint-files.ts';

/** Raised when checks find more, or a summary says more. */
const VERSION = 1;

/** A file may be written again within one tick of a coarse clock; only what has rested this long is remembered. */
const RESTED_MS = 2_000;

interface Remembered {
  readonly version: typeof VERSION;
  readonly files: string;
  readonly summary: DataSummary;
}

/** `store` is the folder of a store; nothing is written where it does not exist yet. */
export function checkedData(store: string): CheckedData {
  const file = join(store, 'data-checked.json');
  return {
    get(set, files) {
      const known = read(file)[set];
      return known?.version === VERSION && known.files === stateOf(files) ? known.summary : undefined;
    },
    put(set, files, summary) {
      if (!existsSync(store) || files.some((path) => Date.now() - statSync(path).mtimeMs < RESTED_MS)) return;
      const all = { ...read(file), [set]: { version: VERSION, files: stateOf(files), summary } };
      writeHint(file, `${JSON.stringify(all, null, 1)}\n`, { as: 'data-checked' });
    },
  };
}

function stateOf(files: readonly string[]): string {
  const states = files.map((path) => {
    const { size, mtimeNs, ino } = statSync(path, { bigint: true });
    return [path, String(size), String(mtimeNs), String(ino)];
  });
  return sha256(JSON.stringify(states));
}

function read(file: string): Record<string, Remembered | undefined> {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Remembered> | null) ?? {};
  } catch {
    return {};
  }
}
