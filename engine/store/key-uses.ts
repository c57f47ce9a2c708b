/** In which runs a key was computed, newest first: from the index alone, and nothing where it cannot say. */
import { existsSync } from 'node:fs';
import type { Store } from './store.ts';

export interface KeyUse {
  readonly run: string;
  readonly node: string;
}

export async function usesOfKey(store: Store, key: string): Promise<readonly KeyUse[]> {
  if (!existsSync(store.index)) return [];
  try {
    const { default: Sqlite } = await import('better-sqlite3');
    const database = new Sqlite(store.index, { fileMustExist: true, timeout: 1000 });
    try {
      return database
        .prepare(`SELECT run, node FROM attempts WHERE key = ? AND outcome = 'done' ORDER BY started DESC`)
        .all(key) as KeyUse[];
    } finally {
      database.close();
    }
  } catch {
    return [];
  }
}
