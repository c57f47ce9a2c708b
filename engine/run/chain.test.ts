/** Chains in real runs: longer computations go on from kept ends, snapshots arrive while their stage runs, whatever is killed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { results } from '../../test/rig/artifacts.ts';
import { temporaryFolder } from '../../test/rig/retort.ts';
import { trivialPlan } from '../../test/rig/trivial-plan.ts';
import { nodesOf, runTrivial, startDriver } from '../../test/rig/trivial-run.ts';
import type { RunEvent } from '../events.ts';

const grow = (steps: number, more: object = {}) => ({ kind: 'grow', steps, ...more }) as const;

/** Results by what was computed. */
function fromSteps(events: readonly RunEvent[]): (readonly [string, number, number])[] {
  return events.flatMap((event) =>
    event.type === 'node-started' ? [[event.node, event.fromStep, event.steps] as const] : [],
  );
}

it('goes on from the kept end of a shorter run, to the same bytes', async () => {
  const [one, other] = [temporaryFolder(), temporaryFolder()];
  await runTrivial(one, { cells: [{ a: grow(10) }] });
  const { events } = await runTrivial(one, { cells: [{ a: grow(50) }] });
  expect(fromSteps(events)).toEqual([['a[cell=0,set=1]', 10, 50]]);
  const whole = await runTrivial(other, { cells: [{ a: grow(50) }] });
  expect(fromSteps(whole.events)).toEqual([['a[cell=0,set=1]', 0, 50]]);
  expect(results(one)).toMatchObject(results(other));

  // A shorter one cannot begin at the end of a longer one, but at a shorter one's.
  const { events: between } = await runTrivial(one, { cells: [{ a: grow(30) }] });
  expect(fromSteps(between)).toEqual([['a[cell=0,set=1]', 10, 30]]);
  // What differs in anything else, begins at the beginning.
  const { events: salted } = await runTrivial(one, { cells: [{ a: grow(30, { salt: 1 }) }] });
  expect(fromSteps(salted)).toEqual([['a[cell=0,set=1]', 0, 30]]);
});

it('computes an axis of lengths once, and who reads the short ones need not wait', async () => {
  const store = temporaryFolder();
  const cells = [5, 20, 10].map((steps) => ({ a: grow(steps), b: { from: 'a' } }));
  const { outcome, events } = await runTrivial(store, { cells }, { concurrency: 2 });
  expect(outcome).toMatchObject({ outcome: 'done', executed: 6, hits: 0 });
  expect(fromSteps(events).filter(([node]) => node.startsWith('a'))).toEqual([['a[cell=1,set=1]', 0, 20]]);
  const done = events.filter((event) => event.type === 'node-done' && event.node.startsWith('a'));
  expect(done.map((event) => event.type === 'node-done' && [event.node, event.by])).toEqual([
    ['a[cell=0,set=1]', 'a[cell=1,set=1]'],
    ['a[cell=2,set=1]', 'a[cell=1,set=1]'],
    ['a[cell=1,set=1]', undefined],
  ]);
  // Each alone gives the same.
  const alone = temporaryFolder();
  for (const cell of cells) await runTrivial(alone, { cells: [cell] });
  expect(results(store)).toEqual(results(alone));
});

it('starts who reads a snapshot while the stage runs', async () => {
  const cells = [{ a: grow(40, { work: 2000, snapshots: [1, 20] }), b: { from: 'a' } }];
  const { plan } = trivialPlan({ cells });
  expect(plan.nodes.map(({ id, inputs }) => `${id} ← ${Object.values(inputs).join()}`)).toEqual([
    'a[cell=0,set=1,at=1] ← ',
    'a[cell=0,set=1,at=20] ← ',
    'a[cell=0,set=1] ← ',
    'b[cell=0,set=1] ← a[cell=0,set=1]',
  ]);
});

it('makes evaluations of every snapshot', async () => {
  // The stage goes on once its first snapshot was evaluated.
  const gate = join(temporaryFolder(), 'gate');
  const a = grow(40, { snapshots: [1, 20], gateAt: 2, gate });
  const cells = [{ a, b: { kind: 'score' as const, from: 'a' } }];
  const { outcome, events } = await runTrivial(
    temporaryFolder(),
    { cells },
    {
      concurrency: 2,
      onEvent(event) {
        if (event.type === 'node-done' && event.node === 'b[cell=0,set=1,at=1]') writeFileSync(gate, '');
      },
    },
  );
  expect(outcome).toMatchObject({ outcome: 'done', executed: 6 });
  const order = nodesOf(events, 'node-done');
  expect(order.indexOf('b[cell=0,set=1,at=1]')).toBeLessThan(order.indexOf('a[cell=0,set=1]'));
  expect(new Set(order)).toEqual(
    new Set([
      'a[cell=0,set=1,at=1]',
      'b[cell=0,set=1,at=1]',
      'a[cell=0,set=1,at=20]',
      'b[cell=0,set=1,at=20]',
      'a[cell=0,set=1]',
      'b[cell=0,set=1]',
    ]),
  );
});

it.each(['grow', 'total'] as const)(
  '%s: snapshots that were asked for later are made without the end',
  async (kind) => {
    const store = temporaryFolder();
    const cell = (snapshots?: number[]) => ({ a: { kind, steps: 30, ...(snapshots && { snapshots }) } });
    await runTrivial(store, { cells: [cell()] });
    const { outcome, events } = await runTrivial(store, { cells: [cell([5, 20])] });
    expect(outcome).toMatchObject({ outcome: 'done', executed: 2, hits: 1 });
    expect(fromSteps(events)).toEqual([['a[cell=0,set=1,at=20]', 0, 20]]);
    const fresh = temporaryFolder();
    await runTrivial(fresh, { cells: [cell([5, 20])] });
    expect(results(store)).toEqual(results(fresh));
  },
);

it('has snapshots that know of the whole under keys of their own', () => {
  const { plan } = trivialPlan({
    cells: [{ a: { kind: 'total', steps: 30, snapshots: [10] } }, { a: { kind: 'total', steps: 10 } }],
  });
  expect(new Set(plan.nodes.map(({ key }) => key)).size).toBe(3);
  const shared = trivialPlan({ cells: [{ a: grow(30, { snapshots: [10] }) }, { a: grow(10) }] }).plan;
  expect(shared.nodes).toHaveLength(2);
});

it.each([
  'step-done:3',
  'object-durable:2',
  'key-half-written',
  'key-durable',
  'checkpoint-record-durable',
  'key-renamed:2',
  'step-done:11',
])('killed at %s, with snapshots due: nothing is missing, and the bytes are the same', async (fault) => {
  const cells = [{ a: grow(12, { snapshots: [4, 8] }), b: { kind: 'score' as const, from: 'a' } }];
  const undisturbed = temporaryFolder();
  await runTrivial(undisturbed, { cells });
  process.env.RETORT_FAULT = fault;
  onTestFinished(() => {
    delete process.env.RETORT_FAULT;
  });
  const store = temporaryFolder();
  const { outcome } = await runTrivial(store, { cells }, { checkpoints: { everySteps: 3 } });
  expect(outcome).toMatchObject({ outcome: 'done' });
  expect(results(store)).toEqual(results(undisturbed));
});

it('goes on from a checkpoint of an unfinished run of another length', async () => {
  const store = temporaryFolder();
  // Not beyond what the shorter one has, however late the driver is killed.
  const gate = join(temporaryFolder(), 'gate');
  const at = { gateAt: 30, gate };
  const long = { cells: [{ a: grow(1_000_000, at) }], store, checkpoints: { everySteps: 5 } };
  await startDriver(long, {
    onEvent(event, driver) {
      if (event.type === 'node-checkpoint') driver.kill('SIGKILL');
    },
  });
  writeFileSync(gate, '');
  const { events } = await runTrivial(store, { cells: [{ a: grow(50, { ...at, salt: 1 }) }] });
  expect(fromSteps(events)[0]?.[1]).toBe(0);
  const { events: same } = await runTrivial(store, { cells: [{ a: grow(40, at) }] });
  expect(fromSteps(same)[0]?.[1]).toBeGreaterThanOrEqual(5);
});

it('two drivers on one store share a chain: every node is computed once, whoever does it', async () => {
  const store = temporaryFolder();
  const cells = [{ a: grow(300, { work: 100, snapshots: [1, 100, 200] }), b: { kind: 'score' as const, from: 'a' } }];
  const drivers = await Promise.all([1, 2].map(() => startDriver({ cells, store })));
  expect(drivers.map(({ code }) => code)).toEqual([0, 0]);
  const done = drivers.flatMap(({ events }) => nodesOf(events, 'node-done'));
  expect(new Set(done).size).toBe(8);
  expect(done).toHaveLength(8);
  const alone = temporaryFolder();
  await runTrivial(alone, { cells });
  expect(results(store)).toEqual(results(alone));
});
