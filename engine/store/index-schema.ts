/**
 * The tables of the index, as an ordered list of migrations. Digests are hexadecimal text, times integer milliseconds UTC,
 * structures JSON text. Everything comes from the files of the store, so a migration may also empty a table and the
 * offsets in `ingested`.
 */
import type { Database } from 'better-sqlite3';
import { fail, ok, type Result } from '../../base/result.ts';

const MIGRATIONS: readonly string[] = [
  `CREATE TABLE keys (
     key TEXT PRIMARY KEY,
     stage TEXT NOT NULL,
     version INTEGER NOT NULL,
     manifest TEXT NOT NULL,
     metrics TEXT NOT NULL,
     seconds REAL NOT NULL,
     steps INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE artifacts (
     key TEXT NOT NULL REFERENCES keys ON DELETE CASCADE,
     role TEXT NOT NULL,
     file TEXT NOT NULL,
     sha256 TEXT NOT NULL,
     bytes INTEGER NOT NULL,
     PRIMARY KEY (key, role, file)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX artifacts_by_object ON artifacts (sha256);
   CREATE TABLE runs (
     run TEXT PRIMARY KEY,
     name TEXT NOT NULL,
     plan TEXT NOT NULL,
     started INTEGER NOT NULL,
     host TEXT NOT NULL,
     outcome TEXT,
     ended INTEGER,
     executed INTEGER,
     hits INTEGER,
     seconds REAL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE attempts (
     run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
     node TEXT NOT NULL,
     started INTEGER NOT NULL,
     attempt INTEGER NOT NULL,
     key TEXT NOT NULL,
     from_step INTEGER NOT NULL,
     steps INTEGER NOT NULL,
     outcome TEXT,
     ended INTEGER,
     failure TEXT,
     PRIMARY KEY (run, node, started, attempt)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX attempts_by_key ON attempts (key);
   CREATE TABLE ingested (
     run TEXT PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
     bytes INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;`,
  // The ledger. What was ingested before is read again, so that an index kept up to date equals one made anew.
  `ALTER TABLE attempts ADD COLUMN wall_seconds REAL;
   ALTER TABLE attempts ADD COLUMN cpu_seconds REAL;
   ALTER TABLE attempts ADD COLUMN peak_memory INTEGER;
   ALTER TABLE attempts ADD COLUMN to_step INTEGER;
   ALTER TABLE attempts ADD COLUMN saved_step INTEGER;
   DELETE FROM attempts;
   DELETE FROM ingested;`,
  // The rest of the ledger.
  `ALTER TABLE attempts ADD COLUMN waited_seconds REAL;
   ALTER TABLE attempts ADD COLUMN gpus INTEGER;
   ALTER TABLE attempts ADD COLUMN device TEXT;
   ALTER TABLE attempts ADD COLUMN bytes_read INTEGER;
   ALTER TABLE attempts ADD COLUMN bytes_written INTEGER;
   DELETE FROM attempts;
   DELETE FROM ingested;`,
];

/** In an order in which rows may be deleted. */
export const TABLES = ['ingested', 'attempts', 'runs', 'artifacts', 'keys'] as const;

export function migrate(database: Database): Result<void> {
  const run = database.transaction((): Result<void> => {
    // Read inside the transaction: another driver may have migrated meanwhile.
    const version = database.pragma('user_version', { simple: true }) as number;
    if (version > MIGRATIONS.length)
      return fail('STORE_INDEX_NEWER', `The index has version ${version}; this retort knows ${MIGRATIONS.length}.`, {
        place: database.name,
        help: 'Update retort, or delete the index: it is rebuilt from the files of the store.',
      });
    for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
    if (version < MIGRATIONS.length) database.pragma(`user_version = ${MIGRATIONS.length}`);
    return ok(undefined);
  });
  return run.immediate();
}
