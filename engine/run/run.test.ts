/** Runs with real child processes on stages that compute next to nothing: order, sharing, hits, failures, interruption. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { results } from '../../test/rig/artifacts.ts';
import { temporaryFolder } from '../../test/rig/retort.ts';
import { trivialPlan } from '../../test/rig/trivial-plan.ts';
import { nodesOf, runTrivial } from '../../test/rig/trivial-run.ts';
import type { RunEvent } from '../events.ts';

/** Two cells that share `a`; `c` reads `b`. */
const TWO_CELLS = {
  cells: [
    { a: { steps: 3 }, b: { from: 'a', steps: 4 }, c: { from: 'b', steps: 2 } },
    { a: { steps: 3 }, b: { from: 'a', steps: 5 } },
  ],
};

it('computes every node once, after its inputs, and shares what cells have in common', async () => {
  const store = temporaryFolder();
  const { outcome, events } = await runTrivial(store, TWO_CELLS, { concurrency: 2 });
  expect(outcome).toMatchObject({ outcome: 'done', executed: 4, hits: 0 });

  const done = nodesOf(events, 'node-done');
  const { nodes } = trivialPlan(TWO_CELLS).plan;
  expect([...done].sort()).toEqual(nodes.map(({ id }) => id).sort());
  const started = nodesOf(events, 'node-started');
  expect(started[0]).toMatch(/^a/);
  for (const node of nodes)
    for (const upstream of Object.values(node.inputs)) {
      const begins = events.findIndex((event) => event.type === 'node-started' && event.node === node.id);
      const ends = events.findIndex((event) => event.type === 'node-done' && event.node === upstream);
      expect(ends).toBeLessThan(begins);
    }
});

it('finds everything the second time, starts nothing, and adds only what is new', async () => {
  const store = temporaryFolder();
  await runTrivial(store, TWO_CELLS);
  const before = results(store);

  const again = await runTrivial(store, TWO_CELLS);
  expect(again.outcome).toMatchObject({ outcome: 'done', executed: 0, hits: 4 });
  expect(nodesOf(again.events, 'node-started')).toEqual([]);
  expect(results(store)).toEqual(before);

  const grown = await runTrivial(store, {
    cells: [...TWO_CELLS.cells, { a: { steps: 3 }, b: { from: 'a', steps: 6 } }],
  });
  expect(grown.outcome).toMatchObject({ executed: 1, hits: 4 });
});

it('tells a finished run of the same plan once more, without a second folder, as long as that one is whole', async () => {
  const store = temporaryFolder();
  const first = await runTrivial(store, TWO_CELLS);
  const events = join(first.outcome.folder, 'events.ndjson');
  const before = readFileSync(events, 'utf8');
  const again = await runTrivial(store, TWO_CELLS);
  expect(again.outcome).toMatchObject({ run: first.outcome.run, folder: first.outcome.folder, hits: 4 });
  expect(readdirSync(join(store, 'runs'))).toEqual([first.outcome.run]);
  expect(readFileSync(events, 'utf8')).toBe(before);

  rmSync(join(first.outcome.folder, 'stages'), { recursive: true });
  const anew = await runTrivial(store, TWO_CELLS);
  expect(anew.outcome.run).not.toBe(first.outcome.run);
  expect(readdirSync(join(anew.outcome.folder, 'stages'))).toHaveLength(4);
});

it('leaves artifacts, logs and events in the folder of the run', async () => {
  const { outcome, events } = await runTrivial(temporaryFolder(), { cells: [{ a: { steps: 2 } }] });
  const done = events.find((event) => event.type === 'node-done');
  const file = join(done!.artifacts.count!, 'count.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ value: done!.metrics.value });

  const kept = readFileSync(join(outcome.folder, 'events.ndjson'), 'utf8').trim().split('\n');
  expect(kept.map((line) => JSON.parse(line).type)).toEqual(events.map(({ type }) => type));
  const started = events.find((event) => event.type === 'node-started');
  expect(started!.log).toMatch(/attempt-1\/log\.txt$/);
  expect(readFileSync(started!.log, 'utf8')).toMatch(/attempt 1 of run .*\n.*begins: 2 steps\n.*done\n$/s);
});

it('keeps children for the next node', async () => {
  const { events } = await runTrivial(temporaryFolder(), TWO_CELLS, { concurrency: 1 });
  const logs = events.flatMap((event) => (event.type === 'node-started' ? [readFileSync(event.log, 'utf8')] : []));
  expect(new Set(logs.map((log) => /process (\d+)/.exec(log)?.[1])).size).toBe(1);
});

it('does not compute what only finished nodes would read', async () => {
  const store = temporaryFolder();
  await runTrivial(store, TWO_CELLS);
  const shared = trivialPlan(TWO_CELLS).plan.nodes[0]!;
  rmSync(join(store, 'keys', shared.key.slice(0, 2), `${shared.key}.json`));
  const { outcome, events } = await runTrivial(store, TWO_CELLS);
  expect(outcome).toMatchObject({ outcome: 'done', executed: 0, hits: 3 });
  expect(events.filter((event) => event.type === 'node-skipped')).toMatchObject([
    { node: shared.id, reason: 'not-needed' },
  ]);
});

it('goes on without what a failed node would have fed, and tries again the next time', async () => {
  const store = temporaryFolder();
  const cells = [
    { a: { steps: 3, failAt: 2 }, b: { from: 'a' }, c: { from: 'b' } },
    { a: { steps: 4 }, b: { from: 'a' } },
  ];
  const { outcome, events } = await runTrivial(store, { cells }, { concurrency: 1 });
  expect(outcome).toMatchObject({ outcome: 'failed', executed: 2 });
  const failed = events.find((event) => event.type === 'node-failed');
  expect(failed).toMatchObject({
    willRetry: false,
    failure: { code: 'COUNT_REFUSED', message: 'Step 2 was told to fail.', help: 'Ask for less.' },
  });
  const skipped = events.filter((event) => event.type === 'node-skipped');
  expect(skipped.map(({ reason }) => reason)).toEqual(['upstream-failed', 'upstream-failed']);

  const again = await runTrivial(store, { cells });
  expect(again.outcome).toMatchObject({ outcome: 'failed', executed: 0, hits: 2 });
});

it('starts nothing new after a failure with fail-fast', async () => {
  const cells = [{ a: { steps: 1, crashAt: 1 } }, { b: { steps: 1 } }, { c: { steps: 2 } }];
  const { outcome, events } = await runTrivial(
    temporaryFolder(),
    { cells },
    { concurrency: 1, failFast: 'start-nothing' },
  );
  expect(outcome).toMatchObject({ outcome: 'failed', executed: 0 });
  const failed = events.find((event) => event.type === 'node-failed');
  expect(failed!.failure.code).toBe('STAGE_CRASHED');
  expect(readFileSync(failed!.log, 'utf8')).toMatch(/Error: The sky has fallen\n\s+at /);
  expect(events.filter((event) => event.type === 'node-skipped').map(({ reason }) => reason)).toEqual([
    'fail-fast',
    'fail-fast',
  ]);
});

it('ends what is under way with checkpoints, where a failure is to stop everything', async () => {
  const store = temporaryFolder();
  // One fails once the other is under way, which would wait for ever.
  const [begun, gate] = ['begun', 'gate'].map((name) => join(temporaryFolder(), name)) as [string, string];
  const cells = [
    { a: { steps: 10, salt: 1, failAt: 6, gateAt: 5, gate: begun } },
    { b: { steps: 20, salt: 2, gateAt: 2, gate } },
  ];
  const onEvent = (event: RunEvent) =>
    event.type === 'node-progress' && event.node.startsWith('b') && writeFileSync(begun, '');
  const first = await runTrivial(store, { cells }, { concurrency: 2, failFast: 'stop', onEvent });
  expect(first.outcome).toMatchObject({ outcome: 'failed', executed: 0 });
  const ends = first.events.flatMap((event) => (event.type === 'attempt-ended' ? [[event.node[0], event.end]] : []));
  expect(ends).toContainEqual(['b', 'stopped']);
  expect(first.events.flatMap((event) => (event.type === 'node-skipped' ? [event.reason] : []))).toEqual(['fail-fast']);
  const saved = first.events.find((event) => event.type === 'attempt-ended' && event.node[0] === 'b');
  writeFileSync(gate, '');
  const again = await runTrivial(store, { cells: cells.slice(1) });
  const from = again.events.find((event) => event.type === 'node-started');
  expect(from?.type === 'node-started' && from.fromStep).toBe(saved?.type === 'attempt-ended' && saved.savedStep);
  expect(saved).toMatchObject({ savedStep: 1 });
});

it('is interrupted with checkpoints, and the same plan continues the same run', async () => {
  const store = temporaryFolder();
  const gate = join(temporaryFolder(), 'gate');
  const cells = [{ a: { steps: 20, gateAt: 2, gate }, b: { from: 'a', steps: 2 } }];
  const stopping = new AbortController();
  const { outcome, events } = await runTrivial(
    store,
    { cells },
    {
      signal: stopping.signal,
      onEvent: (event) => event.type === 'node-progress' && stopping.abort(),
    },
  );
  expect(outcome).toMatchObject({ outcome: 'interrupted', executed: 0 });
  expect(events.map(({ type }) => type)).toEqual([
    'run-started',
    'node-started',
    'node-progress',
    'interrupt',
    'node-checkpoint',
    'attempt-ended',
    'node-skipped',
    'node-skipped',
    'run-finished',
  ]);

  writeFileSync(gate, '');
  const again = await runTrivial(store, { cells });
  expect(again.outcome).toMatchObject({ outcome: 'done', run: outcome.run, executed: 2 });
  const [first] = again.events.filter((event) => event.type === 'node-started');
  expect(first!.fromStep).toBe(1);
  expect(readdirSync(join(store, 'checkpoints'))).toEqual([]);
  expect(existsSync(join(outcome.folder, 'finished.json'))).toBe(true);

  const undisturbed = temporaryFolder();
  await runTrivial(undisturbed, { cells });
  expect(results(store)).toEqual(results(undisturbed));
});

it('gives the same results at any cadence of checkpoints', async () => {
  const cells = [{ a: { steps: 17 }, b: { from: 'a', steps: 9 } }];
  const cadences = [{ everySeconds: 60 }, { everySeconds: 0 }, { everySeconds: 60, everySteps: 5 }];
  const all: unknown[] = [];
  for (const checkpoints of cadences) {
    const store = temporaryFolder();
    const { events } = await runTrivial(store, { cells }, { checkpoints });
    all.push([results(store), nodesOf(events, 'node-checkpoint').length]);
  }
  const [[alone, none], [often, many], [seldom, few]] = all as [
    [unknown, number],
    [unknown, number],
    [unknown, number],
  ];
  expect(often).toEqual(alone);
  expect(seldom).toEqual(alone);
  expect([none, many, few]).toEqual([0, 16 + 8, 3 + 1]);
});
