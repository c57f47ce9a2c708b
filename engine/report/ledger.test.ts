/** Where seconds go: kept, done again, for nothing; and cells that share what they cost. */
import { expect, it } from 'vitest';
import type { RunEvent } from '../events.ts';
import { costOfCells } from './cost.ts';
import { ledgerOf } from './ledger.ts';
import { at, examplePlan } from './recorded-run.ts';

type Ended = Extract<RunEvent, { type: 'attempt-ended' }>;

function ended(second: number, node: string, more: Partial<Ended>): RunEvent {
  const usual = { attempt: 1, end: 'done', cpuSeconds: 1, peakMemory: 100, fromStep: 0, toStep: 10, savedStep: 10 };
  return at(second, { type: 'attempt-ended', node, wallSeconds: 10, ...usual, ...more } as Ended);
}

const failure = { code: 'X', message: 'x' };

it('puts every second in one place', () => {
  const totals = ledgerOf([
    at(0, { type: 'node-hit', node: 'h', metrics: {}, seconds: 70 }),
    // Lost after step 8, saved at step 5: steps 6 to 8 are done again by the next attempt.
    ended(10, 'a', { end: 'lost', toStep: 8, savedStep: 4 }),
    ended(20, 'a', { attempt: 2, fromStep: 4, waitedSeconds: 3, gpus: 2, device: 'cuda 10de:2330', bytesRead: 700 }),
    // Fails for good: nothing comes of it.
    ended(30, 'b', {
      end: 'failed',
      toStep: 6,
      savedStep: 3,
      peakMemory: 900,
      waitedSeconds: 1,
      device: 'avx2',
      bytesWritten: 50,
    }),
    at(30, { type: 'node-failed', node: 'b', failure, log: '', willRetry: false }),
    // Stopped in time: all is kept.
    ended(40, 'c', { end: 'stopped', toStep: 5, savedStep: 5 }),
    // Lost, and nobody went on.
    ended(50, 'd', { end: 'lost', toStep: 4, savedStep: 0 }),
    ended(50, 'e', { end: 'held', wallSeconds: 0 }),
    // Given up: what it has saved is of use only when it is brought back.
    ended(60, 'f', { end: 'stopped', toStep: 5, savedStep: 5, cpuSeconds: 0 }),
    at(60, { type: 'node-skipped', node: 'f', reason: 'pruned' }),
  ]);
  expect(totals).toEqual({
    attempts: 6,
    ends: { lost: 2, done: 1, failed: 1, stopped: 2 },
    wallSeconds: 60,
    cpuSeconds: 5,
    peakMemory: 900,
    waitedSeconds: 4,
    gpuSeconds: 20,
    devices: { 'cuda 10de:2330': 10, avx2: 10 },
    bytesRead: 700,
    bytesWritten: 50,
    usefulSeconds: 5 + 10 + 10,
    repeatedSeconds: 5,
    wastedSeconds: 10 + 10 + 10,
    hits: 1,
    savedSeconds: 70,
  });
});

it('counts the attempt of a killed driver up to its last sign of life', () => {
  const start = (second: number, attempt: number, fromStep: number) =>
    at(second, { type: 'node-started', node: 'a', attempt, fromStep, steps: 10, log: '' });
  const totals = ledgerOf([
    start(0, 1, 0),
    at(4, { type: 'node-checkpoint', node: 'a', step: 4 }),
    at(8, { type: 'node-progress', node: 'a', step: 8, steps: 10, figures: {} }),
    start(20, 2, 4),
    ended(30, 'a', { attempt: 2, fromStep: 4 }),
  ]);
  expect(totals).toMatchObject({ attempts: 2, ends: { lost: 1, done: 1 }, usefulSeconds: 4 + 10, repeatedSeconds: 4 });
});

it('counts shared upstream both ways', () => {
  const plan = examplePlan(1, 1);
  // Both cells begin with the same node.
  const shared = { ...plan.nodes[0]!, uses: plan.cells.map(({ id }) => ({ cell: id, stage: 'distil', set: 1 })) };
  const [, scoreA, own, scoreB] = plan.nodes;
  const grid = { ...plan, nodes: [shared, scoreA!, { ...own!, inputs: { start: shared.id } }, scoreB!] };
  const took = new Map([
    [shared.id, 100],
    [scoreA!.id, 10],
    [own!.id, 20],
  ]);
  const costs = costOfCells(grid, {
    seconds: ({ id }) => took.get(id),
    figure: ({ id }) => (id === scoreA!.id ? 0.75 : undefined),
  });
  expect(costs).toMatchObject([
    { cell: 'random', figure: 0.75, fullSeconds: 110, marginalSeconds: 10, cumulativeSeconds: 110, missing: 0 },
    { cell: 'dm', fullSeconds: 120, marginalSeconds: 20, cumulativeSeconds: 130, missing: 1 },
  ]);
  expect(costs[1]?.figure).toBeUndefined();
});

it('counts the nodes of a chain as one piece of work, as long as the longest', () => {
  const plan = examplePlan(1, 1);
  const [a, , b] = plan.nodes;
  const chained = (node: typeof a, at: number) => ({ ...node!, chain: { id: 'chain', at } });
  const grid = { ...plan, nodes: [chained(a, 10), chained(b, 30)] };
  const took = new Map([
    [a!.id, 10],
    [b!.id, 30],
  ]);
  const costs = costOfCells(grid, { seconds: ({ id }) => took.get(id), figure: () => undefined });
  expect(costs).toMatchObject([
    { fullSeconds: 10, marginalSeconds: 0, cumulativeSeconds: 10 },
    { fullSeconds: 30, marginalSeconds: 20, cumulativeSeconds: 30 },
  ]);
});
