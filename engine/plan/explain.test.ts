/** Explanations of real plans of trivial stages; then the nearest of thousands. */
import { expect, it } from 'vitest';
import { type TrivialExperiment, trivialPlan } from '../../test/rig/trivial-plan.ts';
import { type EarlierResults, explainer } from './explain.ts';
import { changeInWords, inShort } from './explain-words.ts';
import { cacheKey } from './key.ts';
import type { KeyManifest, Plan } from './plan.ts';

function resultsOf(...plans: readonly Plan[]): EarlierResults {
  const nodes = plans.flatMap((plan) => plan.nodes);
  const known = new Map(nodes.map(({ key, manifest }) => [key, manifest]));
  return {
    manifestOf: (key) => known.get(key),
    ofStage: (stage) =>
      [...known].filter(([, manifest]) => manifest.stage === stage).map(([key, manifest]) => ({ key, manifest })),
  };
}

/** Lines for each node of `now` that is no hit. */
function explained(now: Plan, earlier: EarlierResults): Record<string, readonly string[]> {
  const explain = explainer(now, earlier);
  const wording = {
    nodeId: (key: string) => now.nodes.find((node) => node.key === key)?.id.replace(/\[.*/, ''),
    defaultOf: (_stage: string, path: string) => (path === 'steps' ? 10 : undefined),
  };
  return Object.fromEntries(
    now.nodes
      .filter(({ key }) => !earlier.manifestOf(key))
      .map((node) => {
        const found = explain(node);
        return [
          node.id.replace('[cell=0,set=1]', '').replace('cell=0,', ''),
          found.why === 'differs'
            ? found.changes.map((change) => changeInWords(change, wording))
            : [inShort(found, wording)],
        ];
      }),
  );
}

const plan = (given: TrivialExperiment) => trivialPlan(given).plan;

it('a parameter upstream is named at the node where it lies, once', () => {
  const before = plan({ cells: [{ a: { steps: 3 }, b: { from: 'a', salt: 1 }, c: { from: 'b' } }] });
  const after = plan({ cells: [{ a: { steps: 5 }, b: { from: 'a', salt: 1 }, c: { from: 'b' } }] });
  expect(explained(after, resultsOf(before))).toEqual({
    a: ['steps 3 → 5'],
    b: ['a: steps 3 → 5'],
    c: ['a: steps 3 → 5'],
  });
});

it('what was a default, or becomes one, is said so', () => {
  const [given, usual] = [plan({ cells: [{ a: { steps: 3 } }] }), plan({ cells: [{ a: {} }] })];
  expect(explained(usual, resultsOf(given))).toEqual({ a: ['steps 3 → 10 (default)'] });
  expect(explained(given, resultsOf(usual))).toEqual({ a: ['steps 10 (default) → 3'] });
});

it('a further set differs from its nearest neighbour in the set alone', () => {
  const cells = [{ a: { steps: 3 }, b: { from: 'a', salt: 2 } }];
  expect(explained(plan({ cells, sets: 3 }), resultsOf(plan({ cells, sets: 2 })))).toEqual({
    'a[set=3]': ['set 2 → 3'],
    'b[set=3]': ['set 2 → 3'],
  });
});

it('of two neighbours with one difference each the nearer number counts', () => {
  const earlier = resultsOf(plan({ cells: [{ a: { salt: 1 } }, { a: { salt: 8 } }] }));
  expect(explained(plan({ cells: [{ a: { salt: 9 } }] }), earlier)).toEqual({ a: ['salt 8 → 9'] });
});

it('stage version, backend, data and what has no earlier result', () => {
  const now = plan({ cells: [{ a: { steps: 3 } }] });
  const [node] = now.nodes;
  if (!node) throw new Error('expected a node');
  const was = (change: Partial<KeyManifest>): EarlierResults => {
    const manifest = { ...node.manifest, ...change };
    return resultsOf({ ...now, nodes: [{ ...node, manifest, key: cacheKey(manifest) }] });
  };
  expect(explained(now, was({ version: 2 }))).toEqual({ a: ['version of stage count 2 → 1'] });
  expect(explained(now, was({ numerics: { backend: 'tensorflow', version: '2.1', threads: 1 } }))).toEqual({
    a: ['backend tensorflow → reference'],
  });
  // The machine is in the one key and not in the other: that is one difference, whatever machine it is.
  const { threads: _, ...shared } = node.manifest.numerics;
  expect(explained(now, was({ numerics: shared }))).toEqual({ a: ['numerics backend → strict'] });
  expect(explained(now, was({ inputs: { data: 'mnist@abc' } }))).toEqual({ a: ['data mnist → none'] });
  expect(explained(now, was({ stage: 'other' }))).toEqual({ a: ['first count'] });
  expect(explained(now, resultsOf())).toEqual({ a: ['first count'] });
});

it('the nearest is never farther than any other: all pairs of a grid', () => {
  const cells = [1, 2, 3].flatMap((steps) =>
    [1, 2].flatMap((salt) => [0, 7].map((work) => ({ a: { steps, salt, work } }))),
  );
  const all = plan({ cells, sets: 2 });
  for (const [at, node] of all.nodes.entries()) {
    const others = { ...all, nodes: all.nodes.filter((_, index) => index !== at) };
    const found = explainer(all, resultsOf(others))(node);
    expect(found.why === 'differs' && found.changes.length, node.id).toBe(1);
  }
});

it('ten thousand results, a thousand nodes', () => {
  const node = plan({ cells: [{ a: { steps: 3 } }] }).nodes[0];
  if (!node) throw new Error('expected a node');
  const many = (count: number, from: number) =>
    Array.from({ length: count }, (_, index) => {
      const params = { steps: 3 + (index % 10), salt: from + Math.floor(index / 10), work: index % 7 };
      const manifest = { ...node.manifest, params };
      return { ...node, id: `a${index}`, manifest, key: cacheKey(manifest) };
    });
  const results = many(10_000, 0);
  const byKey = new Map<string, KeyManifest>(results.map(({ key, manifest }) => [key, manifest]));
  const earlier = { manifestOf: (key: string) => byKey.get(key), ofStage: () => results };
  const now = { ...plan({ cells: [] }), nodes: many(1_000, 5_000) };
  const explain = explainer(now, earlier);
  for (const each of now.nodes) expect(explain(each)).toMatchObject({ why: 'differs' });
});
