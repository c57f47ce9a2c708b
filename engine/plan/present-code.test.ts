/** Plans of trivial stages, made again as far as other code has made what is there. */
import { expect, it } from 'vitest';
import { trivialPlan } from '../../test/rig/trivial-plan.ts';
import { stageKinds } from '../../test/rig/trivial-stages.ts';
import { cacheKey } from './key.ts';
import type { Plan } from './plan.ts';
import { byPresentCode } from './present-code.ts';

const kindOf = (stage: string) => stageKinds.find(({ kind }) => kind === stage);

/** `others`: keys with results of other code. */
function again(plan: Plan, others: Iterable<string>, digest = 'new'): Plan {
  const keys = new Set(others);
  return byPresentCode(plan, { kindOf, digestOf: () => digest, isOther: ({ key }) => keys.has(key) });
}

const keyOf = ({ nodes }: Plan, stage: string) => nodes.find(({ uses }) => uses[0]?.stage === stage)?.key ?? '';

const PLAN = trivialPlan({
  cells: [{ a: { steps: 1 }, b: { from: 'a', steps: 2 }, c: { from: 'b', steps: 3 }, d: { from: 'a', steps: 4 } }],
}).plan;

it('where nothing was made by other code every key stays', () => {
  expect(again(PLAN, []).nodes).toEqual(PLAN.nodes);
});

it('what other code made gets a key of its own; what reads it follows, and the rest stays', () => {
  const made = again(PLAN, [keyOf(PLAN, 'b')]);
  const [a, b, c, d] = made.nodes;
  expect([a, d]).toEqual([PLAN.nodes[0], PLAN.nodes[3]]);
  expect(b?.manifest).toEqual({ ...PLAN.nodes[1]?.manifest, code: 'new' });
  expect(c?.manifest).toEqual({ ...PLAN.nodes[2]?.manifest, inputs: { from: b?.key } });
  for (const { key, manifest } of made.nodes) expect(key).toBe(cacheKey(manifest));
  expect(made.nodes.map(({ id }) => id)).toEqual(PLAN.nodes.map(({ id }) => id));
  // Where that stands, by the code that is present, nothing moves any more; the next code makes it once more.
  expect(again(PLAN, [keyOf(PLAN, 'b')])).toEqual(made);
  expect(keyOf(again(PLAN, [keyOf(PLAN, 'b')], 'newer'), 'b')).not.toBe(b?.key);
});

it('a node is asked by the key that it has below what is made again', () => {
  const first = again(PLAN, [keyOf(PLAN, 'a')]);
  const second = again(PLAN, [keyOf(PLAN, 'a'), keyOf(first, 'b')]);
  expect(second.nodes[1]?.manifest).toMatchObject({ code: 'new', inputs: { from: keyOf(first, 'a') } });
  // The old result of `b` is no longer what would be read.
  expect(again(PLAN, [keyOf(PLAN, 'a'), keyOf(PLAN, 'b')])).toEqual(first);
});

it('a chain is made again as a whole, and as another chain, which does not go on from the old one', () => {
  const { plan } = trivialPlan({
    cells: [{ a: { kind: 'grow', steps: 9, snapshots: [3] } }, { a: { kind: 'grow', steps: 5 } }],
  });
  const made = again(plan, [plan.nodes[0]?.key ?? '']);
  expect(plan.nodes).toHaveLength(3);
  expect(made.nodes.map(({ manifest }) => manifest.code)).toEqual(['new', 'new', 'new']);
  const chains = new Set(made.nodes.map(({ chain }) => chain?.id));
  expect(chains.size).toBe(1);
  expect(chains).not.toContain(plan.nodes[0]?.chain?.id);
  expect(made.nodes.map(({ chain }) => chain?.at)).toEqual(plan.nodes.map(({ chain }) => chain?.at));
});
