/** Shards in real child processes: joined without a copy, taken up one by one, retried alone, cut off where bytes agree. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { trivialPlan } from '../../test/rig/trivial-plan.ts';
import { nodesOf, runTrivial } from '../../test/rig/trivial-run.ts';
import { readKey } from '../store/keys.ts';
import { openStore } from '../store/store.ts';

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'retort-shards-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

const spread = (more: object = {}) => ({ kind: 'spread', items: 12, per: 4, ...more }) as const;

const cellsOf = (more: object = {}) => [{ all: spread(more), sum: { kind: 'gather', from: 'all', steps: 1 } as const }];

/** Of the plan's node with this id. */
function recordOf(store: string, cells: ReturnType<typeof cellsOf>, id: string) {
  const node = trivialPlan({ cells }).plan.nodes.find((candidate) => candidate.id === id);
  return readKey(unwrap(openStore(store)), node?.key ?? '');
}

const shard = (index: number) => `all[cell=0,set=1,shard=${index}of3]`;

it('joins the very files of the shards, and readers see one result', async () => {
  const store = folder();
  const { outcome, events } = await runTrivial(store, { cells: cellsOf() });
  expect(outcome).toMatchObject({ outcome: 'done', executed: 5 });
  const merged = recordOf(store, cellsOf(), 'all[cell=0,set=1]');
  const shards = [1, 2, 3].map((index) => recordOf(store, cellsOf(), shard(index)));
  expect(merged?.artifacts.parts).toEqual(Object.assign({}, ...shards.map((record) => record?.artifacts.parts)));
  expect(Object.keys(merged?.artifacts.parts ?? {})).toEqual([
    'part-00000-00003.json',
    'part-00004-00007.json',
    'part-00008-00011.json',
  ]);
  const done = events.find((event) => event.type === 'node-done' && event.node === 'all[cell=0,set=1]');
  expect(readdirSync((done?.type === 'node-done' && done.artifacts.parts) || '')).toHaveLength(3);
  // The same in one piece.
  const whole = folder();
  await runTrivial(whole, { cells: cellsOf({ per: 0 }) });
  const sum = 'sum[cell=0,set=1]';
  expect(recordOf(whole, cellsOf({ per: 0 }), sum)?.artifacts).toEqual(recordOf(store, cellsOf(), sum)?.artifacts);
});

it('a file of one name is made by the kind, out of those of all shards', async () => {
  const store = folder();
  const cells = cellsOf({ items: 10, common: 1 });
  const { outcome } = await runTrivial(store, { cells });
  expect(outcome.outcome).toBe('done');
  const merged = recordOf(store, cells, 'all[cell=0,set=1]');
  expect(merged?.artifacts.parts?.['common.json']?.bytes).toBe('[4,4,2]'.length);
});

it('a shard that failed alone is made alone', async () => {
  const store = folder();
  const flaky = join(folder(), 'flaky');
  const cells = cellsOf({ flakyItem: 5, flaky });
  const first = await runTrivial(store, { cells });
  expect(first.outcome.outcome).toBe('failed');
  expect(existsSync(flaky)).toBe(true);
  expect(nodesOf(first.events, 'node-failed')).toEqual([shard(2)]);
  expect(nodesOf(first.events, 'node-done').sort()).toEqual([shard(1), shard(3)]);
  expect(nodesOf(first.events, 'node-skipped')).toEqual(['all[cell=0,set=1]', 'sum[cell=0,set=1]']);
  const again = await runTrivial(store, { cells });
  expect(again.outcome.outcome).toBe('done');
  expect(nodesOf(again.events, 'node-started')).toEqual([shard(2), 'all[cell=0,set=1]', 'sum[cell=0,set=1]']);
});

it('retries are of the shard', async () => {
  const cells = cellsOf({ flakyItem: 5, flaky: join(folder(), 'flaky'), retries: 1 });
  const { outcome, events } = await runTrivial(folder(), { cells });
  expect(outcome.outcome).toBe('done');
  expect(nodesOf(events, 'node-started').filter((id) => id === shard(2))).toHaveLength(2);
  expect(nodesOf(events, 'node-started').filter((id) => id === shard(1))).toHaveLength(1);
});

it('more of the same makes what is new, and only that', async () => {
  const store = folder();
  await runTrivial(store, { cells: cellsOf() });
  const { events } = await runTrivial(store, { cells: cellsOf({ items: 16 }) });
  expect(nodesOf(events, 'node-started').filter((id) => id.startsWith('all'))).toEqual([
    'all[cell=0,set=1,shard=4of4]',
    'all[cell=0,set=1]',
  ]);
});

it('equal bytes upstream cut off the shards, and what joins them', async () => {
  const store = folder();
  // Another key, the same number.
  const cells = (start: { steps: number; talkative?: number }) => [
    { start, all: spread({ from: 'start' }), sum: { kind: 'gather', from: 'all' } as const },
  ];
  await runTrivial(store, { cells: cells({ steps: 2 }) });
  const { events } = await runTrivial(store, { cells: cells({ steps: 2, talkative: 1 }) });
  expect(nodesOf(events, 'node-cut-off').map((id) => id.replace('cell=0,set=1', ''))).toEqual([
    'all[,shard=1of3]',
    'all[,shard=2of3]',
    'all[,shard=3of3]',
    'all[]',
    'sum[]',
  ]);
});
