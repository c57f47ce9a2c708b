/** Stages in shards: which nodes there are, what their keys hold, how they are named and explained. */
import { expect, it } from 'vitest';
import { type TrivialStage, trivialPlan } from '../../test/rig/trivial-plan.ts';
import { explainer } from './explain.ts';
import { changeInWords } from './explain-words.ts';
import { limitsOf } from './limits.ts';
import type { Plan } from './plan.ts';
import { selectNodes, withUpstream } from './select.ts';

function planOf(stage: TrivialStage, sets = 1): Plan {
  return trivialPlan({ cells: [{ all: { kind: 'spread', ...stage }, sum: { kind: 'gather', from: 'all' } }], sets })
    .plan;
}

const keyOf = (plan: Plan, id: string) => plan.nodes.find((node) => node.id === id)?.key;

it('is a node a shard, and one that stands for the stage', () => {
  const { nodes } = planOf({ items: 25, per: 10 });
  expect(nodes.map(({ id, inputs }) => `${id} ← ${Object.entries(inputs).join(' ')}`)).toMatchInlineSnapshot(`
    [
      "all[cell=0,set=1,shard=1of3] ← ",
      "all[cell=0,set=1,shard=2of3] ← ",
      "all[cell=0,set=1,shard=3of3] ← ",
      "all[cell=0,set=1] ← shard[0],all[cell=0,set=1,shard=1of3] shard[1],all[cell=0,set=1,shard=2of3] shard[2],all[cell=0,set=1,shard=3of3]",
      "sum[cell=0,set=1] ← from,all[cell=0,set=1]",
    ]
  `);
  expect(nodes.map(({ manifest: { shard, merge } }) => shard ?? merge)).toEqual([
    { items: [0, 10] },
    { items: [10, 20] },
    { items: [20, 25] },
    true,
    undefined,
  ]);
});

it('with one shard, or none, is the very node that it was before', () => {
  const whole = planOf({ items: 10 });
  expect(whole.nodes.map(({ id }) => id)).toEqual(['all[cell=0,set=1]', 'sum[cell=0,set=1]']);
  expect(planOf({ items: 10, per: 10 })).toEqual(whole);
  expect(planOf({ items: 10, per: 30 })).toEqual(whole);
});

it('the same part is the same node, however the rest is split', () => {
  const three = planOf({ items: 25, per: 10 });
  const other = planOf({ items: 40, per: 10 });
  expect(keyOf(other, 'all[cell=0,set=1,shard=1of4]')).toBe(keyOf(three, 'all[cell=0,set=1,shard=1of3]'));
  expect(keyOf(other, 'all[cell=0,set=1,shard=2of4]')).toBe(keyOf(three, 'all[cell=0,set=1,shard=2of3]'));
  expect(keyOf(other, 'all[cell=0,set=1]')).not.toBe(keyOf(three, 'all[cell=0,set=1]'));
  expect(keyOf(planOf({ items: 25 }), 'all[cell=0,set=1]')).not.toBe(keyOf(planOf({ items: 40 }), 'all[cell=0,set=1]'));
  const halves = planOf({ items: 20, per: 10 }).nodes;
  const uneven = planOf({ items: 20, per: 15 }).nodes;
  expect(halves[0]?.key).not.toBe(uneven[0]?.key);
  const cells = [
    { all: { kind: 'spread', items: 20, per: 10 } as const },
    { all: { kind: 'spread', items: 20, per: 20 } as const },
    { all: { kind: 'spread', items: 20, per: 10, salt: 1 } as const },
  ];
  expect(trivialPlan({ cells }).plan.nodes.length).toBe(3 + 1 + 3);
  expect(halves[0]?.params).not.toHaveProperty('per');
});

it('is chosen by the name of the stage as a whole, or one by one', () => {
  const plan = planOf({ items: 20, per: 10 }, 2);
  const chosen = (glob: string) => {
    const found = selectNodes([plan], glob);
    return found.ok ? [...withUpstream(plan.nodes, found.value)].sort() : found.error;
  };
  expect(chosen('all')).toHaveLength(6);
  expect(chosen('all*shard=2of2*')).toEqual(['all[cell=0,set=1,shard=2of2]', 'all[cell=0,set=2,shard=2of2]']);
  expect(chosen('sum*set=2*')).toHaveLength(4);
});

it('joining takes nothing of what the stage takes', () => {
  const { plan, experiment } = trivialPlan({
    cells: [{ all: { kind: 'spread', items: 20, per: 10, resources: { threads: 4, memory: 2 ** 30, gpus: 1 } } }],
  });
  expect(plan.nodes.map(limitsOf(plan, experiment))).toMatchObject([
    { threads: 4, memory: 2 ** 30, gpus: 1 },
    { threads: 4, memory: 2 ** 30, gpus: 1 },
    { threads: 1, retries: 0 },
  ]);
});

it('a difference is said once, however many shards have it', () => {
  const because = (before: Plan, now: Plan) => {
    const known = new Map(before.nodes.map(({ key, manifest }) => [key, manifest]));
    const explain = explainer(now, {
      manifestOf: (key) => known.get(key),
      ofStage: (stage) => before.nodes.filter(({ manifest }) => manifest.stage === stage),
    });
    const wording = { nodeId: () => undefined, defaultOf: () => undefined };
    return now.nodes
      .filter(({ key }) => !known.has(key))
      .map((node) => {
        const found = explain(node);
        const said =
          found.why === 'differs' ? found.changes.map((change) => changeInWords(change, wording)) : found.why;
        return `${node.id.replace('cell=0,set=1', '')}: ${said}`;
      });
  };
  const before = planOf({ items: 20, per: 10, salt: 1 });
  expect(because(before, planOf({ items: 20, per: 10, salt: 2 }))).toMatchInlineSnapshot(`
    [
      "all[,shard=1of2]: salt 1 → 2",
      "all[,shard=2of2]: salt 1 → 2",
      "all[]: salt 1 → 2",
      "sum[]: from: salt 1 → 2",
    ]
  `);
  expect(because(before, planOf({ items: 20, per: 5, salt: 1 }))).toMatchInlineSnapshot(`
    [
      "all[,shard=1of4]: shard.items [0,10] → [0,5]",
      "all[,shard=2of4]: shard.items [0,10] → [5,10]",
      "all[,shard=3of4]: shard.items [0,10] → [10,15]",
      "all[,shard=4of4]: shard.items [0,10] → [15,20]",
      "all[]: shards 2 → 4,shard: shard.items [0,10] → [0,5]",
      "sum[]: from: shards 2 → 4,from.shard: shard.items [0,10] → [0,5]",
    ]
  `);
  expect(because(before, planOf({ items: 20, salt: 1 }))).toMatchInlineSnapshot(`
    [
      "all[]: shard.items [0,10] → all,items none → 20",
      "sum[]: from: shards 2 → none,from: input shard: spread → none",
    ]
  `);
});
