/**
 * The index against the files: what it holds, brought up to date in memory, must equal one made anew in memory. The index on
 * the disk is only read, so a running driver is not disturbed, and one that merely lags behind is sound.
 */
import { readFileSync, statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import type { Finding } from './findings.ts';
import { dumpIndex, type Index, ingest } from './index.ts';
import { migrate } from './index-schema.ts';
import type { Store } from './store.ts';

const REINDEX = '`retort reindex` builds it anew from the files; no result is concerned.';

export async function verifyIndex(store: Store): Promise<Finding[]> {
  const place = store.index;
  const size = statSync(place, { throwIfNoEntry: false })?.size;
  if (size === undefined) return [note(place, 'There is no index yet; `retort reindex` makes one.')];
  const sqlite = await import('better-sqlite3').catch(() => undefined);
  if (!sqlite) return [note(place, 'The index was not checked: SQLite cannot be loaded.')];
  const checked: Finding = { type: 'checked', part: 'index', files: 1, bytes: size };
  // A run that goes on writes between the two looks: what differs once and then no more was that.
  let found: Finding[] = [];
  for (let look = 0; look < LOOKS; look++) {
    found = compared(store, place, sqlite.default);
    if (!found.some(({ type }) => type === 'damage')) break;
  }
  return [checked, ...found];
}

const LOOKS = 3;

function compared(store: Store, place: string, Sqlite: typeof import('better-sqlite3')): Finding[] {
  const open: Database[] = [];
  const opened = (database: Database) => {
    open.push(database);
    return database;
  };
  try {
    const kept = opened(new Sqlite(contentOf(place, Sqlite)));
    if (kept.pragma('integrity_check', { simple: true }) !== 'ok') return [damaged(place, 'The index is damaged.')];
    const migrated = migrate(kept);
    if (!migrated.ok) return [note(place, migrated.error.message)];
    const fresh = opened(new Sqlite(':memory:'));
    migrate(fresh);
    const [a, b] = [kept, fresh].map((database) => upToDate({ store, database, close() {} }));
    if (!a || !b) return [note(place, 'The index was not checked: a file of the store could not be read.')];
    const differing = Object.keys(b).filter((table) => JSON.stringify(a[table]) !== JSON.stringify(b[table]));
    return differing.length === 0
      ? []
      : [damaged(place, `The index does not say what the files say (${differing.join(', ')}).`)];
  } catch (error) {
    return [damaged(place, `The index cannot be read (${(error as Error).message}).`)];
  } finally {
    for (const database of open) database.close();
  }
}

/** Its bytes, with what still lies in its log; a copy in memory cannot have a log of its own. */
function contentOf(path: string, Sqlite: typeof import('better-sqlite3')): Buffer {
  let bytes: Buffer;
  try {
    const database = new Sqlite(path, { readonly: true, timeout: 5000 });
    bytes = database.serialize();
    database.close();
  } catch {
    // A folder that cannot be written has no place for a log's index: the file as it lies there.
    bytes = readFileSync(path);
  }
  // Bytes 18 and 19 of the header: 2 with a write-ahead log, 1 without.
  if (bytes.length > 20) bytes.fill(1, 18, 20);
  return bytes;
}

function upToDate(index: Index): ReturnType<typeof dumpIndex> | undefined {
  index.database.pragma('foreign_keys = ON');
  return ingest(index).ok ? dumpIndex(index) : undefined;
}

function note(place: string, message: string): Finding {
  return { type: 'note', part: 'index', place, message };
}

function damaged(place: string, message: string): Finding {
  return { type: 'damage', part: 'index', place, message, nodes: [], help: REINDEX };
}
