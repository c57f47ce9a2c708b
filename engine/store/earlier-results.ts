/**
 * What a store has ever finished, for explanations and prices: the list of keys comes from the files, and what each says
 * from the index where it knows the key (a key never changes its meaning, so a stale index cannot lie), else from its
 * file. Only reads: an index that is missing, locked or damaged makes it slower and nothing else.
 */
import { existsSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import type { KeyManifest } from '../plan/plan.ts';
import { allKeys, type KeyRecord, keyPath, readRecord } from './keys.ts';
import type { Store } from './store.ts';

/** Of a finished node, as far as other nodes may learn from it. */
export interface EarlierResult {
  readonly key: string;
  readonly manifest: KeyManifest;
  readonly seconds: number;
  readonly steps: number;
  /** Of all its files. */
  readonly bytes: number;
}

export async function earlierResults(store: Store): Promise<readonly EarlierResult[]> {
  const keys = allKeys(store);
  if (keys.length === 0) return [];
  const indexed = await fromIndex(store);
  return keys.flatMap((key) => {
    const known = indexed.get(key);
    if (known) return [known];
    const record = readRecord(keyPath(store, key), key);
    return record ? [ofRecord(record)] : [];
  });
}

function ofRecord({ key, manifest, seconds, steps, artifacts }: KeyRecord): EarlierResult {
  const files = Object.values(artifacts).flatMap((role) => Object.values(role));
  return { key, manifest, seconds, steps, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}

interface Row extends Omit<EarlierResult, 'manifest'> {
  readonly manifest: string;
}

async function fromIndex(store: Store): Promise<ReadonlyMap<string, EarlierResult>> {
  if (!existsSync(store.index)) return new Map();
  let database: Database | undefined;
  try {
    const { default: Sqlite } = await import('better-sqlite3');
    // A connection that may only read would leave its -wal and -shm files behind.
    database = new Sqlite(store.index, { fileMustExist: true, timeout: 1000 });
    const rows = database
      .prepare(
        `SELECT key, manifest, seconds, steps,
                coalesce((SELECT sum(bytes) FROM artifacts WHERE artifacts.key = keys.key), 0) AS bytes
         FROM keys`,
      )
      .all() as Row[];
    return new Map(rows.map((row) => [row.key, { ...row, manifest: JSON.parse(row.manifest) as KeyManifest }]));
  } catch {
    return new Map();
  } finally {
    database?.close();
  }
}
