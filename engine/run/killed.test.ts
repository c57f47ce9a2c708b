/** `kill -9` of children and drivers at the named points of their work: whoever continues repeats nothing that is finished and gets the same bytes. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { results } from '../../test/rig/artifacts.ts';
import { temporaryFolder } from '../../test/rig/retort.ts';
import { nodesOf, runTrivial, startDriver } from '../../test/rig/trivial-run.ts';

const EXPERIMENT = { cells: [{ a: { steps: 6 }, b: { from: 'a', steps: 8 }, c: { from: 'b', steps: 3 } }] };
const checkpoints = { everySteps: 2 };
let undisturbed: Record<string, unknown>;

beforeAll(async () => {
  const store = mkdtempSync(join(tmpdir(), 'retort-test-'));
  await runTrivial(store, EXPERIMENT);
  undisturbed = results(store);
  rmSync(store, { recursive: true });
});

const IN_CHILD = [
  'stage-opened',
  'step-done',
  'step-done:5',
  'step-done:9',
  'checkpoint-tensors-half-written',
  'checkpoint-tensors-renamed:2',
  'checkpoint-record-half-written:3',
  'checkpoint-record-durable:2',
  'stage-finished:2',
  'object-half-written',
  'object-durable:2',
  'key-half-written',
  'key-synced:2',
  'key-renamed',
  'key-durable:3',
];

it.each(IN_CHILD)('child killed at %s: the same run goes on with another', async (fault) => {
  process.env.RETORT_FAULT = fault;
  onTestFinished(() => {
    delete process.env.RETORT_FAULT;
  });
  const store = temporaryFolder();
  const { outcome, events } = await runTrivial(store, EXPERIMENT, { checkpoints });
  expect(outcome.outcome).toBe('done');
  expect(outcome.executed + outcome.hits).toBe(3);
  const failed = events.filter((event) => event.type === 'node-failed');
  expect(failed).toMatchObject([{ willRetry: true, failure: { code: 'CHILD_LOST' } }]);
  // Where the key was there already, nobody computes it again.
  expect(outcome.hits).toBe(/^key-(renamed|durable)/.test(fault) ? 1 : 0);
  expect(results(store)).toEqual(undisturbed);
});

it('goes on from the newest checkpoint in a fresh process', async () => {
  process.env.RETORT_FAULT = 'step-done:5';
  onTestFinished(() => {
    delete process.env.RETORT_FAULT;
  });
  const { events } = await runTrivial(temporaryFolder(), EXPERIMENT, { checkpoints });
  const first = events.filter((event) => event.type === 'node-started' && event.attempt === 2);
  expect(first).toMatchObject([{ fromStep: 4 }]);
});

it('gives up on a node that kills its process again and again without getting on', async () => {
  const cells = [{ a: { steps: 3, dieAt: 2 }, b: { from: 'a' } }, { c: { steps: 1 } }];
  const { outcome, events } = await runTrivial(temporaryFolder(), { cells }, { concurrency: 1 });
  expect(outcome).toMatchObject({ outcome: 'failed', executed: 1 });
  const failed = events.filter((event) => event.type === 'node-failed');
  expect(failed.map(({ willRetry }) => willRetry)).toEqual([true, true, true, false]);
  expect(failed[3]!.failure.message).toMatch(/SIGKILL/);
});

const IN_DRIVER = [
  'run-built',
  'run-created',
  'lease-taken',
  'event-half-written:4',
  'event-half-written:9',
  'artifact-linked',
  'artifact-linked:3',
  'run-finished-half-written',
  'run-finished-durable',
];

it.each(IN_DRIVER)('driver killed at %s: the same command continues', async (fault) => {
  const store = temporaryFolder();
  const driver = { ...EXPERIMENT, store, checkpoints };
  const killed = await startDriver(driver, { environment: { RETORT_FAULT: fault } });
  expect(killed.signal).toBe('SIGKILL');
  const again = await startDriver(driver);
  expect(again.code).toBe(0);
  const finished = nodesOf(killed.events, 'node-done');
  expect(nodesOf(again.events, 'node-started').filter((node) => finished.includes(node))).toEqual([]);
  expect(results(store)).toEqual(undisturbed);
});

/** A stage that waits after its first step until it is asked to stop, or the gate is open. */
function waiting() {
  const gate = join(temporaryFolder(), 'gate');
  return { cells: [{ a: { steps: 40, gateAt: 2, gate } }], open: () => writeFileSync(gate, '') };
}

it('driver killed while its child works: the child saves what it has, the next driver goes on from there', async () => {
  const { cells, open } = waiting();
  const store = temporaryFolder();
  const killed = await startDriver(
    { cells, store },
    {
      onEvent: (event, driver) => event.type === 'node-progress' && driver.kill('SIGKILL'),
    },
  );
  expect(killed.signal).toBe('SIGKILL');
  open();
  const again = await startDriver({ cells, store });
  expect(again.code).toBe(0);
  const [started] = again.events.filter((event) => event.type === 'node-started');
  expect(started!.fromStep).toBeGreaterThan(0);

  const alone = temporaryFolder();
  await runTrivial(alone, { cells });
  expect(results(store)).toEqual(results(alone));
});

it('two drivers on one store compute every node once', async () => {
  const store = temporaryFolder();
  const cells = [1, 2, 3, 4].map((salt) => ({
    a: { steps: 50, work: 50, salt },
    b: { from: 'a', steps: 20, work: 50 },
  }));
  const both = await Promise.all([startDriver({ cells, store }), startDriver({ cells, store })]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  const done = both.flatMap(({ events }) => nodesOf(events, 'node-done'));
  expect(done).toHaveLength(8);
  expect(new Set(done).size).toBe(8);
  for (const { events } of both) {
    const end = events.at(-1);
    expect(end?.type === 'run-finished' && end.executed + end.hits).toBe(8);
  }
});

it('a driver that waits for another takes over from its checkpoint when that one is killed', async () => {
  const store = temporaryFolder();
  const { cells, open } = waiting();
  let second: ReturnType<typeof startDriver> | undefined;
  await startDriver(
    { cells, store },
    {
      onEvent: (event, first) => {
        if (event.type !== 'node-progress' || second) return;
        second = startDriver(
          { cells, store },
          {
            onEvent(heard) {
              if (heard.type === 'node-joined') first.kill('SIGKILL');
              // It has taken over.
              if (heard.type === 'node-started') open();
            },
          },
        );
      },
    },
  );
  const { code, events } = await second!;
  expect(code).toBe(0);
  expect(events.at(-1)).toMatchObject({ type: 'run-finished', executed: 1, hits: 0 });
  expect(events.find((event) => event.type === 'node-started')?.fromStep).toBeGreaterThan(0);
});
