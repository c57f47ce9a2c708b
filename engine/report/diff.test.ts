/** Diffs of plans of trivial stages with made-up figures. Numbers made with SciPy 1.17.1; the call stands above each. */
import { expect, it } from 'vitest';
import { type TrivialCells, trivialPlan } from '../../test/rig/trivial-plan.ts';
import type { Plan } from '../plan/plan.ts';
import { diff, type Side } from './diff.ts';
import { formatDiff } from './diff-formats.ts';

/** Cells by name; figures of `score` by cell and set. */
function side(
  name: string,
  cells: Readonly<Record<string, TrivialCells[number]>>,
  figures: Readonly<Record<string, readonly number[]>>,
  more: Partial<Side> = {},
): Side {
  const sets = Math.max(...Object.values(figures).map((values) => values.length));
  const { plan } = trivialPlan({ cells: Object.values(cells), sets });
  const labels = Object.keys(cells);
  const named: Plan = {
    ...plan,
    metric: 'accuracy',
    axes: { method: labels },
    cells: plan.cells.map((cell, index) => ({ ...cell, axes: { method: labels[index] ?? '' } })),
    nodes: plan.nodes.map((node) => ({ ...node, outputs: node.id.startsWith('score') ? ['metrics'] : ['count'] })),
  };
  return {
    name,
    plan: named,
    slice: {},
    figures(node) {
      const use = node.uses.find(({ stage }) => stage === 'score');
      const accuracy = use && figures[labels[Number(use.cell)] ?? '']?.[(use.set ?? 1) - 1];
      return accuracy === undefined || Number.isNaN(accuracy) ? undefined : { accuracy };
    },
    ...more,
  };
}

const grid = (steps: number) => ({ dc: { distil: { steps }, score: { from: 'distil' } } });
const A = [0.791, 0.7904, 0.7976, 0.786];
const B = [0.7523, 0.7435, 0.7561, 0.76];

it('one parameter differs: it explains the difference, which is paired by seeds', () => {
  const found = diff(side('a', grid(5), { dc: B }), side('b', grid(7), { dc: A }));
  expect(found.configuration).toEqual([{ path: 'distil.steps', from: 5, to: 7 }]);
  const [result] = found.results;
  // r = stats.ttest_rel(a, b); (a - b).mean(), r.confidence_interval(.95)
  expect(result?.difference).toMatchObject({ method: 'paired', n: 4, p: 0.125, smallestP: 0.125 });
  expect(result?.difference?.mean).toBeCloseTo(0.038275, 12);
  expect(result?.difference?.interval?.low).toBeCloseTo(0.0241723125752, 8);
  expect(result?.difference?.interval?.high).toBeCloseTo(0.05237768742479604, 8);
  expect(formatDiff(found, 'table')).toMatchInlineSnapshot(`
    "A: a (trivial, 1 cell)
    B: b (trivial, 1 cell)

    configuration  A  B
    distil.steps   5  7

    method  A: accuracy %  n      B: accuracy %  n      B - A  95 % interval      p
    dc       75.30 ± 0.71  4 x 1   79.13 ± 0.48  4 x 1  +3.83   2.42 to 5.24  0.125

    Only \`distil.steps\` differs: 5 → 7. It explains whatever differs in the results.
    Differences are B - A in percentage points, with 95 % intervals by Student's t over sets.
    Paired by set; p by exact sign flips. With n = 4 pairs p cannot be below 0.125: it cannot reach p < 0.05.
    "
  `);
});

it('other evaluation: Welch, and means of other networks are not subtracted at all', () => {
  const other = { dc: { distil: { steps: 5 }, score: { from: 'distil', salt: 3 } } };
  const found = diff(side('a', grid(5), { dc: B.slice(0, 3) }), side('b', other, { dc: A.slice(0, 3) }));
  // r = stats.ttest_ind(a[:3], b[:3], equal_var=False); r.df, r.pvalue
  expect(found.results[0]?.difference?.method).toBe('welch');
  expect(found.results[0]?.difference?.degreesOfFreedom).toBeCloseTo(3.3335828481, 8);
  expect(found.results[0]?.difference?.p).toBeCloseTo(0.0015001008, 8);
  const data = side('b', other, { dc: A.slice(0, 3) });
  const elsewhere = { ...data, plan: { ...data.plan, data: { ...data.plan.data, set: 'cifar10' } } };
  const unlike = diff(side('a', grid(5), { dc: B.slice(0, 3) }), elsewhere);
  expect(unlike.results[0]).toMatchObject({ unlike: 'other data: none, cifar10' });
  expect(unlike.results[0]?.difference).toBeUndefined();
});

it('the same keys are the same results; nothing differs', () => {
  const found = diff(side('a', grid(5), { dc: A }), side('b', grid(5), { dc: A }));
  expect(found).toMatchObject({ different: false, configuration: [], family: 0, results: [{ same: true }] });
  expect(formatDiff(found, 'table')).toContain('Nothing differs.');
});

it('cells without a partner, failed and incomplete ones are marked, and Holm counts the family', () => {
  const cells = (steps: number, names: readonly string[]) =>
    Object.fromEntries(
      names.map((name, index) => [name, { distil: { steps, salt: index }, score: { from: 'distil', work: index } }]),
    );
  const a = side('a', cells(5, ['dc', 'dsa', 'old']), { dc: B, dsa: B, old: B });
  const b = side('b', cells(7, ['dc', 'dsa', 'new']), { dc: A, dsa: [0.7, 0.71, Number.NaN, 0.73], new: A });
  const failed = new Set(b.plan.nodes.filter(({ id }) => id.includes('cell=1')).map(({ id }) => id));
  const found = diff(a, { ...b, failed });
  expect(found).toMatchObject({ family: 2, onlyA: [{ method: 'old' }], onlyB: [{ method: 'new' }], different: true });
  expect(found.results.map(({ difference }) => [difference?.n, difference?.p, difference?.adjustedP])).toEqual([
    [4, 0.125, 0.25],
    [3, 0.25, 0.25],
  ]);
  expect(formatDiff(found, 'table')).toMatchInlineSnapshot(`
    "A: a (trivial, 3 cells)
    B: b (trivial, 3 cells)

    configuration  A  B
    distil.steps   5  7

    method  A: accuracy %  n      B: accuracy %  n      B - A   95 % interval     p  remark
    dc       75.30 ± 0.71  4 x 1   79.13 ± 0.48  4 x 1  +3.83    2.42 to 5.24  0.25
    dsa      75.30 ± 0.71  4 x 1   71.33 ± 1.53  3 x 1  -3.86  -6.84 to -0.88  0.25  B failed: 3 of 4

    Only in A: method=old

    Only in B: method=new

    Only \`distil.steps\` differs: 5 → 7. It explains whatever differs in the results.
    Differences are B - A in percentage points, with 95 % intervals by Student's t over sets.
    Paired by set; p by exact sign flips. With n = 3 pairs p cannot be below 0.25: it cannot reach p < 0.05.
    p is adjusted for the 2 differences of this diff (Holm).
    "
  `);
  expect(formatDiff(found, 'md')).toMatchInlineSnapshot(`
    "A: a (trivial, 3 cells)
    B: b (trivial, 3 cells)

    | configuration | A | B |
    | --- | --- | --- |
    | distil.steps | 5 | 7 |

    | method | A: accuracy % | n | B: accuracy % | n | B - A | 95 % interval | p | remark |
    | --- | --: | --- | --: | --- | --: | --: | --: | --- |
    | dc | 75.30 ± 0.71 | 4 x 1 | 79.13 ± 0.48 | 4 x 1 | +3.83 | 2.42 to 5.24 | 0.25 |  |
    | dsa | 75.30 ± 0.71 | 4 x 1 | 71.33 ± 1.53 | 3 x 1 | -3.86 | -6.84 to -0.88 | 0.25 | B failed: 3 of 4 |

    Only in A: method=old

    Only in B: method=new

    Only \`distil.steps\` differs: 5 → 7. It explains whatever differs in the results.
    Differences are B - A in percentage points, with 95 % intervals by Student's t over sets.
    Paired by set; p by exact sign flips. With n = 3 pairs p cannot be below 0.25: it cannot reach p < 0.05.
    p is adjusted for the 2 differences of this diff (Holm).
    "
  `);
  expect(formatDiff(found, 'csv')).toMatchInlineSnapshot(`
    "kind,method,name,a,b,a_state,a_evaluated,a_planned,a_sets,a_mean,a_sd_between,a_sd_within,b_state,b_evaluated,b_planned,b_sets,b_mean,b_sd_between,b_sd_within,difference,low_95,high_95,method,n,p,p_smallest,p_holm,same,unlike
    configuration,,distil.steps,5,7,,,,,,,,,,,,,,,,,,,,,,,,
    result,dc,score.accuracy,a,b,complete,4,4,4,0.752975,0.007055671477612867,,complete,4,4,4,0.79125,0.004784349485562252,,0.038275,0.024172312576467816,0.05237768742353219,paired,4,0.125,0.125,0.25,false,
    result,dsa,score.accuracy,a,b,complete,4,4,4,0.752975,0.007055671477612867,,failed,3,4,3,0.7133333333333333,0.01527525231651948,,-0.038600000000000044,-0.068392051364533,-0.008807948635467099,paired,3,0.25,0.25,0.25,false,
    only-a,old,method=old,,,,,,,,,,,,,,,,,,,,,,,,,,
    only-b,new,method=new,,,,,,,,,,,,,,,,,,,,,,,,,,
    "
  `);
});

it('slices of one grid pair by seeds; one set has no interval and is flagged', () => {
  const cells = {
    dc: { distil: { steps: 5 }, score: { from: 'distil' } },
    dsa: { distil: { steps: 5, salt: 1 }, score: { from: 'distil' } },
  };
  const whole = side('last', cells, { dc: [0.5], dsa: [0.6] });
  const found = diff(
    { ...whole, name: 'last:method=dc', slice: { method: 'dc' } },
    { ...whole, name: 'last:method=dsa', slice: { method: 'dsa' } },
  );
  expect(found.configuration).toEqual([{ path: 'distil.salt', from: 0, to: 1 }]);
  expect(found.results[0]?.difference).toMatchObject({ method: 'paired', n: 1 });
  expect(found.results[0]?.difference?.interval).toBeUndefined();
  expect(JSON.parse(formatDiff(found, 'json'))).toMatchObject({ schema: 'retort-diff/1', metric: 'accuracy' });
});

it('means of other networks stand side by side, unless both slices name the axis that makes them differ', () => {
  const cells = {
    a: { distil: { steps: 5 }, score: { from: 'distil' } },
    b: { distil: { steps: 5, salt: 1 }, score: { from: 'distil' } },
  };
  const whole = side('last', cells, { a: [0.5, 0.52], b: [0.6, 0.61] });
  const withNetworks: Plan = {
    ...whole.plan,
    nodes: whole.plan.nodes.map((node) => ({
      ...node,
      params: {
        ...node.params,
        network: { kind: node.uses.some(({ cell }) => cell === '0') ? 'convnet' : 'resnet18' },
      },
    })),
  };
  const slice = (method: string): Side => ({ ...whole, plan: withNetworks, slice: { method } });
  expect(diff(slice('a'), slice('b')).results[0]?.difference).toMatchObject({ method: 'paired', n: 2 });
  const one = (label: string): Side => ({
    ...slice(label),
    slice: {},
    plan: {
      ...withNetworks,
      axes: {},
      cells: withNetworks.cells.filter(({ axes }) => axes.method === label),
      nodes: withNetworks.nodes.filter(({ uses }) => uses.some(({ cell }) => cell === (label === 'a' ? '0' : '1'))),
    },
  });
  const [result] = diff(one('a'), one('b')).results;
  expect(result).toMatchObject({ unlike: 'other networks: convnet, resnet18' });
  expect(result?.difference).toBeUndefined();
});
