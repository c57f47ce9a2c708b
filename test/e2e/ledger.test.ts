/**
 * Ledger: every attempt's seconds, what was repeated or wasted, what hits have saved; figures against cumulative cost with
 * shared upstream counted both ways.
 */
import { expect, it } from 'vitest';
import type { RunEvent } from '../../engine/events.ts';
import { type LedgerRow, ledgerOf } from '../../engine/report/ledger.ts';
import { tinyExperiment } from '../rig/experiments.ts';
import { events, Project } from '../rig/retort.ts';

it('Ledger: accounts for every attempt, and for what hits have saved', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ iterations: 30, sets: 1 }) });
  // The process that distils is killed on its way, since the other nodes together have fewer steps; and no other one is.
  const ended = await project.retort(['run', 'tiny.yaml', '--concurrency', '1', '--reporter', 'ndjson'], {
    RETORT_FAULT: 'step-done:12',
  });
  expect(ended.code).toBe(0);
  const all = events(ended.stdout) as unknown as RunEvent[];

  // One `attempt-ended` for each attempt that had begun.
  const names = (type: 'node-started' | 'attempt-ended') =>
    all.flatMap((event) => (event.type === type ? [`${event.node} ${event.attempt}`] : [])).sort();
  expect(names('attempt-ended')).toEqual(names('node-started'));
  const totals = ledgerOf(all);
  expect(totals).toMatchObject({ attempts: 5, ends: { done: 4, lost: 1 }, hits: 0 });
  const { usefulSeconds, repeatedSeconds, wastedSeconds, wallSeconds, cpuSeconds, peakMemory } = totals;
  expect(usefulSeconds + repeatedSeconds + wastedSeconds).toBeCloseTo(wallSeconds, 6);
  expect(repeatedSeconds).toBeGreaterThan(0);
  expect(wastedSeconds).toBe(0);
  expect(cpuSeconds).toBeGreaterThan(0);
  expect(peakMemory).toBeGreaterThan(30 * 1024 ** 2);

  // A row for each, with all that the totals are made of.
  const asked = await project.retort(['compare', 'tiny.yaml', '--attempts', '--format', 'json']);
  const [{ attempts: rows }] = JSON.parse(asked.stdout).ledgers;
  expect(rows).toHaveLength(5);
  const sum = (of: keyof LedgerRow) => rows.reduce((total: number, row: LedgerRow) => total + Number(row[of]), 0);
  expect(sum('repeatedSeconds')).toBeCloseTo(repeatedSeconds, 6);
  expect(sum('waitedSeconds')).toBeCloseTo(totals.waitedSeconds, 6);
  expect(rows.filter(({ end }: LedgerRow) => end === 'done')).toHaveLength(4);
  for (const row of rows.filter(({ end }: LedgerRow) => end === 'done')) {
    expect(row).toMatchObject({ gpus: 0, device: expect.stringMatching(/^(x64|arm64)/) });
    // The images of the data set alone.
    expect(row.bytesRead).toBeGreaterThan(1e6);
    expect(row.bytesWritten).toBeGreaterThan(100);
  }
  const page = await project.retort(['compare', 'last', '--attempts']);
  expect(page.stdout).toMatch(
    /\ndistil\[method=dm,set=1\] +lost CHILD_LOST +0 to \d+, 0 kept .*\n.*attempt 2 +done +0 to 30, 30 kept/,
  );
  const csv = await project.retort(['compare', 'last:method=random', '--attempts', '--format', 'csv']);
  expect(csv.stdout).toMatch(
    /^run,node,attempt,at,end,.*,waitedSeconds,.*,gpus,device,peakMemory,bytesRead,bytesWritten\n/,
  );
  expect(csv.stdout).not.toContain('dm');

  const again = await project.retort(['run', 'tiny.yaml', '--reporter', 'plain']);
  expect(again.stderr).toMatch(/4 nodes: 0 run, 4 hits, in [\d.]+s\.\nsaved by hits: [\dms. ]+\./);

  // Both cells stand on one node: it is in the full cost of each, in the marginal of none, and spent once.
  const json = await project.retort(['compare', 'tiny.yaml', '--cost', '--format', 'json']);
  const [{ metric, cells }] = JSON.parse(json.stdout).tables;
  const [random, dm] = cells;
  expect(metric).toBe('accuracy');
  expect([random.figure, dm.figure]).toEqual([expect.any(Number), expect.any(Number)]);
  const shared = random.fullSeconds - random.marginalSeconds;
  expect(shared).toBeGreaterThan(0);
  expect(dm.fullSeconds - dm.marginalSeconds).toBeCloseTo(shared, 6);
  expect(random.cumulativeSeconds).toBeCloseTo(random.fullSeconds, 6);
  expect(dm.cumulativeSeconds).toBeCloseTo(random.fullSeconds + dm.marginalSeconds, 6);
  const table = await project.retort(['compare', 'tiny.yaml', '--cost']);
  expect(table.stdout).toMatch(/method +accuracy % +full +marginal +cumulative +remark\nrandom +/);
});
