/**
 * What code a stage kind is made of, as a digest: for provenance, never in a key (a comment would cost every cache). Written
 * by the build beside what it has compiled; a checkout that is not built has none.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../base/package-root.ts';
import { type KeyRecord, keyPath, readRecord } from './keys.ts';
import type { Store } from './store.ts';

export const DIGESTS_FILE = 'dist/code-digests.json';

/** Of the code that made a result, also where it was taken over from another key; undefined where it is not on record. */
export function codeOf(store: Store, { code, takenFrom }: KeyRecord): string | undefined {
  if (code !== undefined || takenFrom === undefined) return code;
  return readRecord(keyPath(store, takenFrom), takenFrom)?.code;
}

let digests: Readonly<Record<string, string>> | undefined;

/** Of the kind's own module and all that it loads of the package. */
export function codeDigest(kind: string): string | undefined {
  digests ??= read();
  return digests[kind];
}

function read(): Readonly<Record<string, string>> {
  try {
    return JSON.parse(readFileSync(join(packageRoot(), DIGESTS_FILE), 'utf8')) as Record<string, string>;
  } catch {
    return {};
  }
}
