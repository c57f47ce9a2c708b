import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packageRoot } from '../../base/package-root.ts';
import { unwrap } from '../../base/result.ts';
import { type Lease, leaseFolder, leaseHolder, renewLease, STALE_AFTER_MS, takeLease } from './leases.ts';
import { type ProcessIdentity, thisProcess } from './processes.ts';
import { openStore, type Store } from './store.ts';

let store: Store;
beforeEach(() => {
  store = unwrap(openStore(mkdtempSync(join(tmpdir(), 'retort-leases-')), { create: true }));
});
afterEach(() => rmSync(store.folder, { recursive: true, force: true }));

function take(process?: ProcessIdentity): Lease {
  const taken = takeLease(store, 'key', { run: 'a-run', ...(process && { process }) });
  if (!taken.held) throw new Error(`Expected the lease, but process ${taken.pid} holds it`);
  return taken;
}

const elsewhere: ProcessIdentity = { host: 'elsewhere', machine: 'another boot', pid: 1, started: '1' };
const reused: ProcessIdentity = { ...thisProcess(), started: `${thisProcess().started}0` };

/** Sets the heartbeat back, as if nobody had renewed it. */
function age(lease: Lease, ms: number): void {
  const then = new Date(Date.now() - ms);
  utimesSync(lease.heartbeat, then, then);
}

it('is held by one until it is given back, and its number grows', () => {
  const first = take();
  expect([first.fence, first.check(), first.renew()]).toEqual([1, true, true]);
  expect(takeLease(store, 'key', { run: 'b-run' })).toMatchObject({ held: false, pid: process.pid, run: 'a-run' });
  expect(leaseHolder(store, 'key')).toMatchObject({ pid: process.pid, run: 'a-run' });
  first.release();
  expect([first.check(), first.renew(), leaseHolder(store, 'key')]).toEqual([false, false, undefined]);
  const second = take();
  expect(second.fence).toBe(2);
  first.release();
  expect(second.check()).toBe(true);
  second.release();
  expect(readdirSync(leaseFolder(store, 'key'))).toEqual(['fence']);
  expect(readdirSync(store.tmp)).toEqual([]);
});

it('of a process whose number another one got is free at once', () => {
  const dead = take(reused);
  const lease = take();
  expect(lease.fence).toBe(2);
  expect([dead.check(), renewLease(dead.heartbeat), lease.check()]).toEqual([false, false, true]);
  expect(dead.lost().message).toContain(`Process ${process.pid} on`);
  dead.release();
  expect(lease.check()).toBe(true);
});

it('of this machine is held as long as the process lives, however old its heartbeat', () => {
  age(take(), 10 * STALE_AFTER_MS);
  expect(takeLease(store, 'key', { run: 'b-run' }).held).toBe(false);
});

it('of another machine is held as long as its heartbeat is fresh', () => {
  const theirs = take(elsewhere);
  age(theirs, STALE_AFTER_MS / 2);
  expect(takeLease(store, 'key', { run: 'b-run' })).toMatchObject({ held: false, host: 'elsewhere' });
  age(theirs, STALE_AFTER_MS + 1_000);
  expect(renewLease(theirs.heartbeat)).toBe(true);
  expect(takeLease(store, 'key', { run: 'b-run' }).held).toBe(false);
  age(theirs, STALE_AFTER_MS + 1_000);
  expect(leaseHolder(store, 'key')).toBeUndefined();
  expect(take().fence).toBe(2);
  expect(theirs.check()).toBe(false);
});

it.each(['', 'not JSON'])('without a readable owner (%j) ends a minute after it was made', (text) => {
  const held = join(leaseFolder(store, 'key'), 'held');
  take(elsewhere);
  writeFileSync(join(held, 'owner.json'), text);
  expect(takeLease(store, 'key', { run: 'b-run' })).toMatchObject({ held: false, host: 'an unknown host' });
  const then = new Date(Date.now() - STALE_AFTER_MS - 1_000);
  utimesSync(held, then, then);
  expect(take().fence).toBe(2);
});

/** Real processes, each trying for the lease once and keeping what it has until its input ends. */
async function contenders(count: number): Promise<{ child: ChildProcess; said: string }[]> {
  const program = join(packageRoot(), 'dist/engine/store/rehearsal.js');
  return Promise.all(
    Array.from({ length: count }, async () => {
      const child = spawn(process.execPath, [program, store.folder, 'contend', 'key'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const [said] = await once(child.stdout, 'data');
      return { child, said: String(said) };
    }),
  );
}

it('of a dead process is taken over by exactly one of several, and is free when that one is killed', async () => {
  take(reused);
  const all = await contenders(4);
  expect(all.map(({ said }) => said).sort()).toEqual(['held\n', 'held\n', 'held\n', 'taken 2\n']);
  const [winner] = all.filter(({ said }) => said.startsWith('taken'));
  expect(leaseHolder(store, 'key')?.pid).toBe(winner?.child.pid);
  for (const { child } of all) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  expect(take().fence).toBe(3);
});
