/** What attempts are given and may take: memory, GPUs, disk, time, and how often they are tried; with real processes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { results } from '../../test/rig/artifacts.ts';
import { temporaryFolder } from '../../test/rig/retort.ts';
import { runTrivial } from '../../test/rig/trivial-run.ts';
import type { RunEvent } from '../events.ts';
import { openLocalExecutor } from '../executors/local/executor.ts';

const MiB = 1024 ** 2;

function failures(events: readonly RunEvent[]) {
  return events.flatMap((event) =>
    event.type === 'node-failed' ? [[event.failure.code, event.willRetry] as const] : [],
  );
}

function ends(events: readonly RunEvent[]) {
  return events.flatMap((event) => (event.type === 'attempt-ended' ? [event] : []));
}

it('an attempt over its memory is ended and tried again with half as much more', async () => {
  // It has the memory when it waits, until it is ended, however late the signal comes.
  const [steps, gate] = [6, join(temporaryFolder(), 'gate')];
  const cells = [{ a: { steps, hold: 250, gateAt: 3, gate, resources: { memory: 220 * MiB } } }];
  const { outcome, events } = await runTrivial(
    temporaryFolder(),
    { cells },
    {
      checkpoints: { everySteps: 1 },
      onEvent: (event) => event.type === 'node-failed' && writeFileSync(gate, ''),
    },
  );
  expect(outcome).toMatchObject({ outcome: 'done', executed: 1 });
  expect(failures(events)).toEqual([['MEMORY_EXCEEDED', true]]);
  expect(events.find((event) => event.type === 'warning')?.message).toBe('the next attempt may take 330 MiB of memory');
  const [lost, done] = ends(events);
  expect(lost).toMatchObject({ end: 'lost', failure: 'MEMORY_EXCEEDED' });
  expect(done).toMatchObject({ end: 'done', toStep: steps, savedStep: steps });
  expect(done?.peakMemory).toBeGreaterThan(250 * MiB);
  // A checkpoint may be there of which it had no time to tell.
  expect(done?.fromStep).toBeGreaterThanOrEqual(lost?.savedStep ?? steps);
});

it('a node that needs more than the machine has is refused before anything starts', async () => {
  const store = temporaryFolder();
  const needs = [
    [{ memory: 1e15 }, 'RESOURCES_MISSING', /needs 909.5 TiB of memory; this machine has/],
    [{ gpus: 60 }, 'RESOURCES_MISSING', /needs 60 GPUs; this machine has/],
    [{ disk: 1e18 }, 'STORE_FULL', /free disk/],
  ] as const;
  for (const [resources, code, message] of needs) {
    const cells = [{ a: { steps: 1 } }, { b: { steps: 2, resources } }];
    await expect(runTrivial(store, { cells })).rejects.toMatchObject({
      failure: { code, message: expect.stringMatching(message) },
    });
  }
  expect(results(store)).toEqual({});
});

it('one that is there already may need whatever it likes', async () => {
  const store = temporaryFolder();
  await runTrivial(store, { cells: [{ a: { steps: 1 } }] });
  const { outcome } = await runTrivial(store, { cells: [{ a: { steps: 1, resources: { memory: 1e15 } } }] });
  expect(outcome).toMatchObject({ outcome: 'done', hits: 1 });
});

it('GPUs are given one by one, in the environment of the process', async () => {
  const given = process.env.CUDA_VISIBLE_DEVICES;
  process.env.CUDA_VISIBLE_DEVICES = '4,7';
  onTestFinished(() => {
    if (given === undefined) delete process.env.CUDA_VISIBLE_DEVICES;
    else process.env.CUDA_VISIBLE_DEVICES = given;
  });
  const talks = { steps: 20, talkative: 1 };
  const cells = [
    { a: { ...talks, salt: 1, resources: { gpus: 1 } } },
    { b: { ...talks, salt: 2, resources: { gpus: 1 } } },
    { c: { ...talks, steps: 1, salt: 3, resources: { gpus: 2 } } },
    { d: { ...talks, steps: 1, salt: 4, resources: { gpus: 0 } } },
    { e: { ...talks, steps: 1, salt: 5 } },
  ];
  const { events } = await runTrivial(temporaryFolder(), { cells }, { concurrency: 5 });
  const seen = Object.fromEntries(
    events.flatMap((event) =>
      event.type === 'node-started'
        ? [[event.node.slice(0, 1), /sees GPUs \[(.*)\]/.exec(readFileSync(event.log, 'utf8'))?.[1]]]
        : [],
    ),
  );
  expect([seen.a, seen.b].sort()).toEqual(['4', '7']);
  expect(seen).toMatchObject({ c: '4,7', d: '', e: '4,7' });
  // The one that wants both had to wait for both.
  const place = (type: RunEvent['type'], node: string) =>
    events.findIndex((e) => e.type === type && 'node' in e && e.node?.startsWith(node));
  expect(place('node-started', 'c')).toBeGreaterThan(
    Math.max(place('attempt-ended', 'a'), place('attempt-ended', 'b')),
  );
  const end = (node: string) => ends(events).find((each) => each.node.startsWith(node));
  expect(['a', 'b', 'c', 'd', 'e'].map((node) => end(node)?.gpus)).toEqual([1, 1, 2, 0, 0]);
  expect(end('c')?.waitedSeconds).toBeGreaterThan(0);
});

it('nodes with memory run side by side only as far as it goes', async () => {
  const memory = 700 * MiB;
  const cells = [1, 2, 3].map((salt) => ({ a: { steps: 5, salt, resources: { memory } } }));
  const machine = { threads: 8, memory: 1500 * MiB, gpus: [] };
  const { events } = await runTrivial(temporaryFolder(), { cells }, { machine });
  let [now, most] = [0, 0];
  for (const { type } of events) {
    if (type === 'node-started') most = Math.max(most, ++now);
    if (type === 'attempt-ended') now--;
  }
  expect(most).toBeLessThanOrEqual(2);
});

it('a stage that failed is tried as often as its retries say', async () => {
  const flaky = join(temporaryFolder(), 'flag');
  const without = await runTrivial(temporaryFolder(), { cells: [{ a: { flaky } }] });
  expect(failures(without.events)).toEqual([['COUNT_FLAKY', false]]);
  const again = `${flaky}-again`;
  const { outcome, events } = await runTrivial(temporaryFolder(), { cells: [{ a: { flaky: again, retries: 2 } }] });
  expect([outcome.outcome, failures(events)]).toEqual(['done', [['COUNT_FLAKY', true]]]);
});

it('but not a third time when it fails in the same way at the same step', async () => {
  const { events } = await runTrivial(temporaryFolder(), { cells: [{ a: { failAt: 3, retries: 9 } }] });
  expect(failures(events)).toEqual([
    ['COUNT_REFUSED', true],
    ['COUNT_REFUSED', false],
  ]);
});

it('an attempt whose time is up stops with a checkpoint, fails plainly, and the same command continues', async () => {
  const store = temporaryFolder();
  // Waits after its first step until it is asked to stop, or the gate is open.
  const gate = join(temporaryFolder(), 'gate');
  const stage = { steps: 50, gateAt: 2, gate };
  const executor = openLocalExecutor();
  onTestFinished(() => executor.close());
  // A process that is there already: the time of its start is not what this is about.
  await runTrivial(temporaryFolder(), { cells: [{ a: {} }] }, { executor });
  const limited = await runTrivial(store, { cells: [{ a: { ...stage, timeLimit: 2 } }] }, { executor });
  expect(limited.outcome.outcome).toBe('failed');
  expect(failures(limited.events)).toEqual([['TIME_LIMIT', false]]);
  const [stopped] = ends(limited.events);
  expect(stopped).toMatchObject({ end: 'stopped', toStep: 1, savedStep: 1 });

  // Its time is up once more, and then it goes on by itself.
  const retried = await runTrivial(
    store,
    { cells: [{ a: { ...stage, timeLimit: 2, retries: 1 } }] },
    { executor, onEvent: (event) => event.type === 'node-failed' && writeFileSync(gate, '') },
  );
  expect(retried.outcome.outcome).toBe('done');
  expect(failures(retried.events)).toEqual([['TIME_LIMIT', true]]);
  expect(ends(retried.events)).toMatchObject([
    { end: 'stopped', fromStep: 1 },
    { end: 'done', fromStep: 1 },
  ]);
  const [whole, parts] = [temporaryFolder(), store];
  await runTrivial(whole, { cells: [{ a: stage }] }, { executor });
  expect(results(parts)).toEqual(results(whole));
});
