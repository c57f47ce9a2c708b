/** What attempts may take, from the stages that use a node; and which nodes `--only` means. */
import { expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { type TrivialExperiment, trivialPlan } from '../../test/rig/trivial-plan.ts';
import { planDigest } from '../store/runs.ts';
import { limitsOf } from './limits.ts';
import { selectNodes, withUpstream } from './select.ts';

function limits(given: TrivialExperiment) {
  const { plan, experiment } = trivialPlan(given);
  return { plan, of: (id: string) => limitsOf(plan, experiment)(plan.nodes.find((node) => node.id.startsWith(id))!) };
}

it('a node that several cells use gets the widest limits of them', () => {
  const shared = { steps: 1 };
  const { plan, of } = limits({
    cells: [
      { a: { ...shared, resources: { memory: 10, disk: 7 }, retries: 1, timeLimit: 5 } },
      { a: { ...shared, resources: { memory: 30, gpus: 1 }, timeLimit: 9 } },
    ],
  });
  expect(plan.nodes).toHaveLength(1);
  expect(of('a')).toEqual({ threads: 1, memory: 30, disk: 7, gpus: 1, retries: 1, timeLimit: 9 });
});

it('one use without a time limit has none', () => {
  const { of } = limits({ cells: [{ a: { steps: 1, timeLimit: 5 } }, { a: { steps: 1 } }] });
  expect(of('a')).toEqual({ threads: 1, retries: 0 });
});

it('limits are neither in a key nor in what makes two runs the same, but for threads', () => {
  const digest = (stage: object) => planDigest(trivialPlan({ cells: [{ a: { steps: 1, ...stage } }] }).plan);
  const plain = digest({});
  expect(digest({ resources: { memory: 5, gpus: 2, disk: 9 }, retries: 3, timeLimit: 60 })).toBe(plain);
  expect(digest({ resources: { threads: 2 } })).not.toBe(plain);
});

it('`--only` means nodes by id or by stage, and what they need', () => {
  const { plan } = trivialPlan({
    cells: [
      { a: { steps: 1 }, b: { from: 'a' }, c: { from: 'b' } },
      { a: { steps: 2 }, b: { from: 'a' } },
    ],
  });
  const select = (glob: string) => [...unwrap(selectNodes([plan], glob))];
  expect(select('b')).toEqual(['b[cell=0,set=1]', 'b[cell=1,set=1]']);
  expect(select('b*cell=1*')).toEqual(['b[cell=1,set=1]']);
  expect([...withUpstream(plan.nodes, new Set(['c[cell=0,set=1]']))].sort()).toEqual([
    'a[cell=0,set=1]',
    'b[cell=0,set=1]',
    'c[cell=0,set=1]',
  ]);
  expect(selectNodes([plan], 'x')).toMatchObject({ ok: false, error: { code: 'NODE_UNKNOWN' } });
});
