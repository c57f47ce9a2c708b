/**
 * From the files of a store to the rows of its index. Reading a file twice changes nothing, and what comes out does not
 * depend on when it was read: an index kept up to date equals one made anew.
 */
import type { Database } from 'better-sqlite3';
import type { RunEvent } from '../events.ts';
import { readEvents } from './event-log.ts';
import { fault } from './faults.ts';
import { allKeys, type KeyRecord, keyPath, readRecord } from './keys.ts';
import { openRun, type RunFolder, readRunEnd, readRunRecord } from './runs.ts';
import type { Store } from './store.ts';

/** A key file never changes, so only those not yet known are read. */
export function ingestKeys(store: Store, database: Database): void {
  const known = new Set(database.prepare('SELECT key FROM keys').pluck().all() as string[]);
  const insertKey = database.prepare('INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?)');
  const insertArtifact = database.prepare('INSERT INTO artifacts VALUES (?, ?, ?, ?, ?)');
  const removeKey = database.prepare('DELETE FROM keys WHERE key = ?');
  for (const key of allKeys(store)) {
    if (known.delete(key)) continue;
    const record = readRecord(keyPath(store, key), key);
    if (!record) continue;
    insertKey.run(...keyRow(record));
    for (const [role, files] of Object.entries(record.artifacts))
      for (const [file, { sha256, bytes }] of Object.entries(files)) insertArtifact.run(key, role, file, sha256, bytes);
  }
  // What is left has been deleted from the store.
  for (const key of known) removeKey.run(key);
  fault('index-keys-read');
}

function keyRow({ key, manifest, metrics, seconds, steps }: KeyRecord): unknown[] {
  return [key, manifest.stage, manifest.version, JSON.stringify(manifest), JSON.stringify(metrics), seconds, steps];
}

/** Goes on behind the last event that was ingested. Whoever has the run open saves reading its plan. */
export function ingestRun(store: Store, database: Database, id: string, opened?: RunFolder): void {
  const record = readRunRecord(store, id);
  const run = opened ?? openedRun(store, id);
  if (!record || !run) return;
  const end = readRunEnd(store, id);
  database
    .prepare(
      `INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run) DO UPDATE SET
       outcome = excluded.outcome, ended = excluded.ended, executed = excluded.executed, hits = excluded.hits,
       seconds = excluded.seconds`,
    )
    .run(
      id,
      record.name,
      record.planDigest,
      Date.parse(record.startedAt),
      record.host,
      end?.outcome ?? null,
      end ? Date.parse(end.at) : null,
      end?.executed ?? null,
      end?.hits ?? null,
      end?.seconds ?? null,
    );
  const from =
    (database.prepare('SELECT bytes FROM ingested WHERE run = ?').pluck().get(id) as number | undefined) ?? 0;
  const { events, next } = readEvents(run, from);
  const ingestEvent = attemptRows(database, run);
  for (const event of events) ingestEvent(event);
  database
    .prepare('INSERT INTO ingested VALUES (?, ?) ON CONFLICT (run) DO UPDATE SET bytes = excluded.bytes')
    .run(id, next);
  fault('index-run-read');
}

function openedRun(store: Store, id: string): RunFolder | undefined {
  const run = openRun(store, id);
  return run.ok ? run.value : undefined;
}

function attemptRows(database: Database, run: RunFolder): (event: RunEvent) => void {
  const keys = new Map(run.plan.nodes.map((node) => [node.id, node.key]));
  const start = database.prepare(
    `INSERT OR REPLACE INTO attempts (run, node, started, attempt, key, from_step, steps) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  // Attempts are numbered within a node over all drivers of its run.
  const account = database.prepare(
    `UPDATE attempts SET outcome = @outcome, ended = @ended, failure = @failure, wall_seconds = @wall,
       cpu_seconds = @cpu, peak_memory = @memory, to_step = @to, saved_step = @saved, waited_seconds = @waited,
       gpus = @gpus, device = @device, bytes_read = @read, bytes_written = @written
     WHERE run = @run AND node = @node AND attempt = @attempt`,
  );
  // The end belongs to the newest attempt: a driver that was killed leaves attempts without an end before it.
  const finish = database.prepare(
    `UPDATE attempts SET outcome = @outcome, ended = @ended, failure = @failure
     WHERE run = @run AND node = @node AND outcome IS NULL AND started =
       (SELECT max(started) FROM attempts WHERE run = @run AND node = @node)`,
  );
  const ended = (node: string, at: string, outcome: string, failure: string | null = null) =>
    finish.run({ run: run.id, node, ended: Date.parse(at), outcome, failure });
  return (event) => {
    switch (event.type) {
      case 'node-started': {
        const { node, at, attempt, fromStep, steps } = event;
        start.run(run.id, node, Date.parse(at), attempt, keys.get(node) ?? '', fromStep, steps);
        break;
      }
      case 'attempt-ended': {
        const { node, at, attempt, end, fromStep, wallSeconds } = event;
        // It never began: another process worked on the node.
        if (end === 'held') break;
        const row = {
          run: run.id,
          node,
          attempt,
          outcome: end,
          ended: Date.parse(at),
          failure: event.failure ?? null,
          wall: wallSeconds,
          cpu: event.cpuSeconds,
          memory: event.peakMemory,
          to: event.toStep,
          saved: event.savedStep,
          waited: event.waitedSeconds ?? null,
          gpus: event.gpus ?? null,
          device: event.device ?? null,
          read: event.bytesRead ?? null,
          written: event.bytesWritten ?? null,
        };
        if (account.run(row).changes > 0) break;
        // It ended before it could say how many steps there are.
        const started = Math.round(row.ended - 1000 * wallSeconds);
        start.run(run.id, node, started, attempt, keys.get(node) ?? '', fromStep, 0);
        account.run(row);
        break;
      }
      case 'node-done':
        ended(event.node, event.at, 'done');
        break;
      case 'node-failed':
        ended(event.node, event.at, 'failed', event.failure.code);
        break;
      case 'node-skipped':
        if (event.reason === 'cancelled') ended(event.node, event.at, 'cancelled');
        break;
    }
  };
}
