/**
 * An SQLite index over the files of a store, for questions that would read many of them. Never the truth: every row comes
 * from a file, `ingest` may be repeated at will, `reindex` rebuilds all, and nothing is lost with the database. Only
 * drivers open it, never children; transactions are short, since several drivers may share a store.
 */
import { rmSync, statfsSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { type Failure, fail, ok, type Result } from '../../base/result.ts';
import { diskFailure, errorCode } from './disk-failure.ts';
import { fault } from './faults.ts';
import { migrate, TABLES } from './index-schema.ts';
import { ingestKeys, ingestRun } from './ingest.ts';
import { allRuns } from './runs.ts';
import type { Store } from './store.ts';

export interface Index {
  readonly store: Store;
  readonly database: Database;
  close(): void;
}

/** Opens the index and makes it where there is none. A damaged one is thrown away: it comes back by `ingest`. */
export async function openIndex(store: Store): Promise<Result<Index>> {
  // Loaded here, so that commands that need no index do not pay for the native module, nor fail for its lack.
  const module = await import('better-sqlite3').catch((error: Error) => error);
  if (module instanceof Error) return unavailable(module);
  const open = () => new module.default(store.index, { timeout: 5000 });
  try {
    return prepared(store, open());
  } catch (error) {
    if (!isDamage(error)) return failed(error, store);
  }
  removeFiles(store);
  try {
    return prepared(store, open());
  } catch (error) {
    return failed(error, store);
  }
}

/** Brings the index up to date with the files. */
export function ingest(index: Index): Result<void> {
  return guarded(index, () => {
    const { store, database } = index;
    const runs = allRuns(store);
    database.transaction(() => ingestKeys(store, database)).immediate();
    database.prepare('DELETE FROM runs WHERE run NOT IN (SELECT value FROM json_each(?))').run(JSON.stringify(runs));
    for (const run of runs) database.transaction(() => ingestRun(store, database, run)).immediate();
  });
}

/** Empties the index and reads every file again. */
export async function reindex(store: Store): Promise<Result<Index>> {
  const opened = await openIndex(store);
  if (!opened.ok) return opened;
  const { database, close } = opened.value;
  const empty = database.transaction(() => {
    for (const table of TABLES) database.exec(`DELETE FROM ${table}`);
    fault('index-emptied');
  });
  const emptied = guarded(opened.value, () => empty.immediate());
  const ingested = emptied.ok ? ingest(opened.value) : emptied;
  if (ingested.ok) return opened;
  close();
  return ingested;
}

/** Every row of every table, in the order of the primary keys: what two indices are compared by. */
export function dumpIndex({ database }: Index): Readonly<Record<string, readonly unknown[]>> {
  // A table without row ids lies in the order of its primary key.
  return Object.fromEntries(TABLES.map((table) => [table, database.prepare(`SELECT * FROM ${table}`).all()]));
}

function prepared(store: Store, database: Database): Result<Index> {
  try {
    database.pragma(`journal_mode = ${onNetworkDisk(store) ? 'TRUNCATE' : 'WAL'}`);
    // Right after the switch to WAL it still reads FULL; a lost transaction is ingested again.
    database.pragma('synchronous = NORMAL');
    database.pragma('foreign_keys = ON');
    const migrated = migrate(database);
    if (migrated.ok) return ok({ store, database, close: () => database.close() });
    database.close();
    return migrated;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** NFS, Lustre, GPFS, BeeGFS, CIFS, SMB2, FUSE: WAL needs memory that all hosts of the disk would have to share. */
const NETWORK_DISKS = new Set([0x6969, 0x0bd00bd0, 0x47504653, 0x19830326, 0xff534d42, 0xfe534d42, 0x65735546]);

function onNetworkDisk(store: Store): boolean {
  return NETWORK_DISKS.has(statfsSync(store.folder).type);
}

function isDamage(error: unknown): boolean {
  return /^SQLITE_(NOTADB|CORRUPT)/.test(errorCode(error) ?? '');
}

function removeFiles(store: Store): void {
  for (const ending of ['', '-wal', '-shm', '-journal']) rmSync(store.index + ending, { force: true });
  fault('index-removed');
}

function unavailable(error: Error): Result<Index> {
  return fail('INDEX_UNAVAILABLE', `SQLite cannot be loaded: ${error.message.split('\n')[0]}`, {
    help: 'Build it with `npm rebuild better-sqlite3`; runs do not need it.',
  });
}

function guarded({ store }: Index, action: () => void): Result<void> {
  try {
    return ok(action());
  } catch (error) {
    return failed(error, store);
  }
}

function failed(error: unknown, store: Store): { readonly ok: false; readonly error: Failure } {
  // Extended codes (`SQLITE_READONLY_DIRECTORY`) begin with the plain one.
  const [code = ''] = /^SQLITE_[A-Z]+/.exec(errorCode(error) ?? '') ?? [];
  const failure: Failure | undefined = diskFailure(error, store.index) ?? SQLITE_FAILURES[code];
  if (failure) return { ok: false, error: { ...failure, place: store.index } };
  throw error;
}

const SQLITE_FAILURES: Readonly<Record<string, Failure>> = {
  SQLITE_BUSY: {
    code: 'INDEX_LOCKED',
    message: 'Another retort has been writing the index for 5 s.',
    help: 'Try again.',
  },
  SQLITE_FULL: { code: 'STORE_FULL', message: 'The store lies on a full disk.', help: 'Free some space.' },
  SQLITE_READONLY: {
    code: 'STORE_READ_ONLY',
    message: 'The index may not be written by this user.',
    help: 'Change its owner or permissions.',
  },
  SQLITE_CANTOPEN: {
    code: 'STORE_READ_ONLY',
    message: 'The index cannot be opened.',
    help: 'Look at the permissions of the folder.',
  },
};
