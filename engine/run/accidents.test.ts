/** A process that stood still for longer than its lease, a lease from the future, a store that is moved away under a run. */
import { readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { results } from '../../test/rig/artifacts.ts';
import { temporaryFolder } from '../../test/rig/retort.ts';
import { trivialPlan } from '../../test/rig/trivial-plan.ts';
import { nodesOf, runTrivial, startDriver } from '../../test/rig/trivial-run.ts';
import { RENEW_EVERY_MS, STALE_AFTER_MS, takeLease } from '../store/leases.ts';
import { openStore } from '../store/store.ts';

/** Makes the holder of the store's only node lease a process of another machine, of which only the heartbeat is known. */
function moveElsewhere(store: string): { readonly pid: number; readonly heartbeat: string } {
  const [key = ''] = readdirSync(join(store, 'leases'));
  const held = join(store, 'leases', key, 'held');
  const owner = JSON.parse(readFileSync(join(held, 'owner.json'), 'utf8'));
  writeFileSync(join(held, 'owner.json'), JSON.stringify({ ...owner, machine: 'another boot' }));
  return { pid: owner.pid, heartbeat: join(held, owner.token) };
}

/** Waits in its middle until the gate is open, however slow whoever acts meanwhile. */
function gated() {
  const gate = join(temporaryFolder(), 'gate');
  return { open: () => writeFileSync(gate, ''), cells: [{ a: { steps: 40, gateAt: 20, gate } }] };
}

it('a child that stood still for longer than its lease finds its node done by another, and writes nothing', async () => {
  const store = temporaryFolder();
  const { open, cells } = gated();
  const experiment = { cells, store };
  let second: ReturnType<typeof startDriver> | undefined;
  const first = await startDriver(experiment, {
    onEvent(event) {
      if (event.type !== 'node-progress' || second) return;
      const { pid, heartbeat } = moveElsewhere(store);
      process.kill(pid, 'SIGSTOP');
      const then = new Date(Date.now() - STALE_AFTER_MS - 1_000);
      utimesSync(heartbeat, then, then);
      open();
      second = startDriver(experiment);
      void second.then(() => process.kill(pid, 'SIGCONT'));
    },
  });
  const other = await second;
  expect([first.code, other?.code]).toEqual([0, 0]);
  expect(other?.events.at(-1)).toMatchObject({ type: 'run-finished', executed: 1, hits: 0 });
  expect(first.events.at(-1)).toMatchObject({ type: 'run-finished', executed: 0, hits: 1 });
  const ends = first.events.flatMap((event) => (event.type === 'attempt-ended' ? [[event.end, event.failure]] : []));
  expect(ends).toEqual([
    ['lost', 'LEASE_LOST'],
    ['done', undefined],
  ]);
  const alone = temporaryFolder();
  await runTrivial(alone, experiment);
  expect(results(store)).toEqual(results(alone));
});

it('a child whose heartbeat lies a day in the future, since a clock was set back, keeps its node', async () => {
  const store = temporaryFolder();
  const { open, cells } = gated();
  const experiment = { cells, store };
  let second: ReturnType<typeof startDriver> | undefined;
  const first = await startDriver(experiment, {
    onEvent(event) {
      if (event.type !== 'node-progress' || second) return;
      const { pid, heartbeat } = moveElsewhere(store);
      // It stands still until the other one has seen its heartbeat.
      process.kill(pid, 'SIGSTOP');
      const tomorrow = new Date(Date.now() + 86_400_000);
      utimesSync(heartbeat, tomorrow, tomorrow);
      open();
      second = startDriver(experiment, {
        onEvent: (heard) => heard.type === 'node-joined' && process.kill(pid, 'SIGCONT'),
      });
    },
  });
  const other = await second;
  expect([first.code, other?.code]).toEqual([0, 0]);
  expect(nodesOf(first.events, 'node-done')).toHaveLength(1);
  expect(nodesOf(other?.events ?? [], 'node-joined')).toHaveLength(1);
  expect(nodesOf(other?.events ?? [], 'node-done')).toEqual([]);
  expect(RENEW_EVERY_MS).toBeLessThan(STALE_AFTER_MS / 3);
});

it('a lease that is free is taken whatever the times in the store say', async () => {
  const folder = temporaryFolder();
  const store = unwrap(openStore(folder, { create: true }));
  const cells = [{ a: { steps: 2 } }];
  const [node] = trivialPlan({ cells }).plan.nodes;
  // Of a process of this machine that is long dead, with a heartbeat from the future.
  const dead = { host: 'here', machine: thisMachineOf(store, node!.key), pid: 2 ** 22 - 1, started: '1' };
  const lease = takeLease(store, node!.key, { run: 'an old run', process: dead });
  const tomorrow = new Date(Date.now() + 86_400_000);
  if (lease.held) utimesSync(lease.heartbeat, tomorrow, tomorrow);
  expect((await runTrivial(folder, { cells })).outcome).toMatchObject({ outcome: 'done', executed: 1 });
});

/** As the store writes it. */
function thisMachineOf(store: Parameters<typeof takeLease>[0], key: string): string {
  const lease = takeLease(store, `${key}0`, { run: 'probe' });
  const owner = JSON.parse(readFileSync(join(store.leases, `${key}0`, 'held', 'owner.json'), 'utf8'));
  if (lease.held) lease.release();
  return owner.machine;
}

it('a store that is moved away under a run ends it plainly; put back, the same command continues', async () => {
  const folder = temporaryFolder();
  const store = join(folder, 'store');
  const gate = join(temporaryFolder(), 'gate');
  const cells = [
    { a: { steps: 30 }, b: { from: 'a', steps: 40, gateAt: 20, gate }, c: { from: 'b' } },
    { a: { steps: 30 }, d: { from: 'a' } },
  ];
  let moved = false;
  const gone = await runTrivial(
    store,
    { cells },
    {
      concurrency: 1,
      onEvent(event) {
        if (moved || event.type !== 'node-progress' || !event.node.startsWith('b')) return;
        moved = true;
        renameSync(store, join(folder, 'away'));
        writeFileSync(gate, '');
      },
    },
  ).catch((error) => ({ error }));
  const failure = 'error' in gone ? gone.error.failure : gone.outcome.storeFailure;
  expect(failure).toMatchObject({ code: 'STORE_GONE', message: expect.stringMatching(/moved or deleted/) });
  if ('events' in gone) {
    const reasons = gone.events.flatMap((event) => (event.type === 'node-skipped' ? [event.reason] : []));
    expect(new Set(reasons)).toEqual(new Set(['upstream-failed', 'store-failed']));
  }
  // Nothing of it was made again.
  expect(readdirSync(folder, { recursive: true }).filter((name) => !String(name).startsWith('away'))).toEqual([]);
  renameSync(join(folder, 'away'), store);
  const again = await runTrivial(store, { cells });
  expect(again.outcome.outcome).toBe('done');
  const alone = temporaryFolder();
  await runTrivial(alone, { cells });
  expect(results(store)).toEqual(results(alone));
});
