import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import type { RunEvent } from '../events.ts';
import { openEventLog } from './event-log.ts';
import { dumpIndex, ingest, openIndex, reindex } from './index.ts';
import { keyPath } from './keys.ts';
import { rehearsalPlan, rehearse } from './rehearsal.ts';
import { createRun, leaveRun } from './runs.ts';
import { openStore, type Store } from './store.ts';

let store: Store;
beforeEach(() => {
  store = unwrap(openStore(mkdtempSync(join(tmpdir(), 'retort-index-')), { create: true }));
});
afterEach(() => rmSync(store.folder, { recursive: true, force: true }));

const plan = rehearsalPlan();
const node = plan.nodes[0]?.id ?? '';

function deleteIndex(): void {
  for (const ending of ['', '-wal', '-shm']) rmSync(store.index + ending, { force: true });
}

/** A run that is killed, continued and interrupted; `between` looks in after every driver. */
function threeDrivers(between: () => void): void {
  const run = createRun(store, plan, {});
  const drive = (...events: (Partial<RunEvent> & { type: RunEvent['type'] })[]) => {
    const log = openEventLog(run);
    for (const [second, event] of events.entries())
      log.append({ at: new Date(1e12 + 1000 * second).toISOString(), node, ...event } as RunEvent);
    log.close();
    between();
  };
  const start = (attempt: number, at: string) =>
    ({ type: 'node-started', attempt, fromStep: 0, steps: 4, log: '', at }) as const;
  drive(start(1, '2026-03-01T12:00:00.000Z'));
  drive(start(2, '2026-03-01T12:01:00.000Z'), {
    type: 'node-failed',
    failure: { code: 'STEP_NOT_FINITE', message: '' },
    log: '',
    willRetry: true,
  });
  const account = { cpuSeconds: 0.5, peakMemory: 4096, fromStep: 0, toStep: 4, savedStep: 4 };
  const rest = { waitedSeconds: 3, gpus: 2, device: 'cuda 10de:2330', bytesRead: 700, bytesWritten: 50 };
  drive(
    // It ended before it had begun.
    { type: 'attempt-ended', attempt: 3, end: 'failed', wallSeconds: 2, ...account, failure: 'BACKEND_MISSING' },
    start(4, '2026-03-01T12:02:00.000Z'),
    { type: 'attempt-ended', attempt: 4, end: 'done', wallSeconds: 1, ...account, ...rest },
    { type: 'node-done', metrics: {}, seconds: 1, artifacts: {} },
  );
  leaveRun(run);
}

it('kept up to date equals one that is made anew after the database was deleted', async () => {
  const kept = unwrap(await openIndex(store));
  threeDrivers(() => unwrap(ingest(kept)));
  rehearse(store.folder);
  unwrap(ingest(kept));
  const dump = dumpIndex(kept);
  unwrap(ingest(kept));
  expect(dumpIndex(kept)).toEqual(dump);
  kept.close();

  deleteIndex();
  const anew = unwrap(await reindex(store));
  expect(dumpIndex(anew)).toEqual(dump);
  anew.close();
  const again = unwrap(await reindex(store));
  expect(dumpIndex(again)).toEqual(dump);
  again.close();
  expect(Object.entries(dump).map(([table, rows]) => [table, rows.length])).toEqual([
    ['ingested', 1],
    ['attempts', 6],
    ['runs', 1],
    ['artifacts', 6],
    ['keys', 2],
  ]);
});

it('tells how every attempt ended', async () => {
  threeDrivers(() => undefined);
  const index = unwrap(await reindex(store));
  const columns = 'attempt, outcome, failure, wall_seconds, cpu_seconds, peak_memory, to_step, saved_step';
  const rest = 'waited_seconds, gpus, device, bytes_read, bytes_written';
  const rows = index.database.prepare(`SELECT ${columns}, ${rest} FROM attempts ORDER BY attempt`).raw().all();
  const none = [null, null, null, null, null];
  expect(rows).toEqual([
    [1, null, null, null, null, null, null, null, ...none],
    [2, 'failed', 'STEP_NOT_FINITE', null, null, null, null, null, ...none],
    [3, 'failed', 'BACKEND_MISSING', 2, 0.5, 4096, 4, 4, ...none],
    [4, 'done', null, 1, 0.5, 4096, 4, 4, 3, 2, 'cuda 10de:2330', 700, 50],
  ]);
  index.close();
});

it('forgets what was deleted from the store', async () => {
  rehearse(store.folder);
  const index = unwrap(await reindex(store));
  rmSync(keyPath(store, plan.nodes[0]?.key ?? ''));
  rmSync(store.runs, { recursive: true });
  unwrap(openStore(store.folder, { create: true }));
  unwrap(ingest(index));
  const rows = Object.entries(dumpIndex(index)).map(([table, { length }]) => [table, length]);
  expect(Object.fromEntries(rows)).toEqual({ ingested: 0, attempts: 0, runs: 0, artifacts: 3, keys: 1 });
  index.close();
});

it('that is damaged is thrown away and comes back', async () => {
  rehearse(store.folder);
  writeFileSync(store.index, 'this is no database, but long enough to look like one'.repeat(99));
  const index = unwrap(await openIndex(store));
  unwrap(ingest(index));
  expect(dumpIndex(index).keys).toHaveLength(2);
  index.close();
});

it('of a newer version is refused and left alone', async () => {
  const newer = new Database(store.index);
  newer.pragma('user_version = 99');
  newer.close();
  expect(await openIndex(store)).toMatchObject({ error: { code: 'STORE_INDEX_NEWER', place: store.index } });
});

it('that another driver writes for long is a failure, not a crash', async () => {
  const index = unwrap(await openIndex(store));
  index.database.pragma('busy_timeout = 1');
  const other = new Database(store.index);
  other.exec('BEGIN IMMEDIATE');
  expect(ingest(index)).toMatchObject({ error: { code: 'INDEX_LOCKED' } });
  other.exec('COMMIT');
  unwrap(ingest(index));
  other.close();
  index.close();
});

it('has the settings it needs', async () => {
  const { database, close } = unwrap(await openIndex(store));
  const settings = ['journal_mode', 'synchronous', 'foreign_keys', 'user_version'];
  expect(settings.map((name) => database.pragma(name, { simple: true }))).toEqual(['wal', 1, 1, 3]);
  expect(() => database.exec("INSERT INTO keys VALUES ('k', 's', 'x', '', '', 0, 0)")).toThrow(/cannot store TEXT/);
  close();
});
