/** Pruning in real runs: a hopeless cell stops with its checkpoint, the same command leaves it, and it can be brought back. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { results } from '../../test/rig/artifacts.ts';
import { temporaryFolder } from '../../test/rig/retort.ts';
import type { TrivialCells } from '../../test/rig/trivial-plan.ts';
import { nodesOf, runTrivial } from '../../test/rig/trivial-run.ts';
import type { RunEvent } from '../events.ts';
import type { PruneRule } from '../plan/prune-rule.ts';

const RULE: PruneRule = {
  rule: 'median',
  metric: 'value',
  at: [100],
  eta: 3,
  minReplicates: 1,
  minCells: 3,
  within: [],
};

/**
 * Cells whose snapshots are as good as `marks` say. After them each waits until it is stopped or its gate is open: none is
 * done before it was judged, however long that takes.
 */
function gridOf(marks: readonly number[]) {
  const gates = marks.map((_, cell) => join(temporaryFolder(), `gate-${cell}`));
  const cells: TrivialCells = marks.map((mark, cell) => ({
    distil: { kind: 'grow', steps: 200, mark, snapshots: [100], gateAt: 101, gate: gates[cell]! },
    score: { kind: 'score', from: 'distil', steps: 1 },
  }));
  const open = (cell: number) => writeFileSync(gates[cell]!, '');
  return {
    cells,
    open,
    openAll() {
      for (const gate of gates) writeFileSync(gate, '');
    },
    /** Who is kept goes on. */
    onEvent(event: RunEvent) {
      if (event.type === 'prune-decision' && event.verdict === 'keep') open(Number(event.axes.cell));
    },
  };
}

function decisions(events: readonly RunEvent[]): unknown[] {
  return events.flatMap((event) =>
    event.type === 'prune-decision' ? [[event.verdict, event.axes.cell, event.value]] : [],
  );
}

function pruned(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'node-skipped' && event.reason === 'pruned' ? [event.node] : []));
}

it('stops what is worse than the median, keeps its checkpoint, and brings it back', async () => {
  const store = temporaryFolder();
  const { cells, onEvent, openAll } = gridOf([5, 1, 7]);
  const experiment = { cells, prune: RULE };
  const first = await runTrivial(store, experiment, { concurrency: 1, onEvent });
  expect(first.outcome.outcome).toBe('done');
  expect(new Set(decisions(first.events))).toEqual(
    new Set([
      ['keep', '0', 5],
      ['prune', '1', 1],
      ['keep', '2', 7],
    ]),
  );
  expect(pruned(first.events)).toEqual(['distil[cell=1,set=1]', 'score[cell=1,set=1]']);
  const decision = first.events.find((event) => event.type === 'prune-decision' && event.verdict === 'prune');
  expect(decision).toMatchObject({ rule: 'median', metric: 'value', step: 100, threshold: 6, stage: 'score' });
  const end = first.events.find((event) => event.type === 'attempt-ended' && event.node === 'distil[cell=1,set=1]');
  const reached = end?.type === 'attempt-ended' ? end.savedStep : 0;
  expect(reached).toBe(100);

  const again = await runTrivial(store, experiment);
  expect(again.outcome).toMatchObject({ outcome: 'done', executed: 0 });
  expect(pruned(again.events)).toEqual(pruned(first.events));

  openAll();
  const back = await runTrivial(store, experiment, { prune: false });
  expect(back.outcome).toMatchObject({ outcome: 'done', executed: 2 });
  const started = back.events.find((event) => event.type === 'node-started' && event.node === 'distil[cell=1,set=1]');
  expect(started).toMatchObject({ fromStep: reached });
  expect(decisions(back.events)).toEqual([]);
  const whole = temporaryFolder();
  await runTrivial(whole, { cells: experiment.cells });
  expect(results(store)).toEqual(results(whole));
  expect(pruned((await runTrivial(store, experiment)).events)).toEqual([]);
});

it('judges what was there when the run began, and leaves cells that are finished', async () => {
  const store = temporaryFolder();
  const { cells, open, openAll } = gridOf([5, 1, 7]);
  open(1);
  await runTrivial(store, { cells: [cells[1]!] });
  const { events, outcome } = await runTrivial(
    store,
    { cells: [cells[1]!, cells[0]!, cells[2]!], prune: RULE },
    { concurrency: 1, onEvent: (event) => event.type === 'prune-decision' && openAll() },
  );
  expect(outcome.outcome).toBe('done');
  expect(decisions(events).length).toBe(2);
  expect(pruned(events)).toEqual([]);
});

it('does nothing unless it is asked to', async () => {
  const { cells, openAll } = gridOf([5, 1, 7]);
  openAll();
  const { events } = await runTrivial(temporaryFolder(), { cells });
  expect(decisions(events)).toEqual([]);
  expect(nodesOf(events, 'node-skipped')).toEqual([]);
});

it('has room for evaluations where attempts are few: all come as far before anyone goes further', async () => {
  const { cells, onEvent } = gridOf([1, 5, 7, 2]);
  const experiment = { cells, prune: { ...RULE, minCells: 4 } };
  const { events } = await runTrivial(temporaryFolder(), experiment, { concurrency: 1, onEvent });
  expect(decisions(events)).toEqual([
    ['prune', '0', 1],
    ['keep', '1', 5],
    ['keep', '2', 7],
    ['prune', '3', 2],
  ]);
  const ends = events.flatMap((event) =>
    event.type === 'attempt-ended' && event.node.startsWith('distil') ? [[event.node, event.end]] : [],
  );
  expect(ends).toEqual([
    ['distil[cell=0,set=1]', 'stopped'],
    ['distil[cell=1,set=1]', 'stopped'],
    ['distil[cell=2,set=1]', 'stopped'],
    ['distil[cell=3,set=1]', 'stopped'],
    ['distil[cell=1,set=1]', 'done'],
    ['distil[cell=2,set=1]', 'done'],
  ]);
});

it('stops what runs: a cell that would go on for long', async () => {
  const { cells, onEvent } = gridOf([5, 1, 7]);
  const { events, outcome } = await runTrivial(temporaryFolder(), { cells, prune: RULE }, { concurrency: 6, onEvent });
  expect(outcome.outcome).toBe('done');
  expect(pruned(events)).toEqual(['distil[cell=1,set=1]', 'score[cell=1,set=1]']);
  const end = events.find((event) => event.type === 'attempt-ended' && event.node === 'distil[cell=1,set=1]');
  expect(end).toMatchObject({ end: 'stopped', fromStep: 0 });
});

it('never gives up the baseline, and compares only within the axes that are named', async () => {
  const { cells, openAll } = gridOf([1, 5, 7]);
  openAll();
  const spared = await runTrivial(
    temporaryFolder(),
    { cells, prune: RULE, baseline: { cell: '0' } },
    { concurrency: 1 },
  );
  expect(decisions(spared.events).map((decision) => (decision as string[])[1])).not.toContain('0');
  expect(pruned(spared.events).filter((node) => node.includes('cell=0'))).toEqual([]);
  const apart = await runTrivial(
    temporaryFolder(),
    { cells, prune: { ...RULE, within: ['cell'] } },
    { concurrency: 1 },
  );
  expect(decisions(apart.events)).toEqual([]);
});
