/** Differences of plans of trivial stages: which cells belong together, and what is told of the rest. */
import { expect, it } from 'vitest';
import { type TrivialCells, trivialPlan } from '../../test/rig/trivial-plan.ts';
import { planDifference } from './difference.ts';
import type { Plan } from './plan.ts';

/** Cells by labels, `lr=1,size=2`, in the order of their axes. */
function planOf(cells: Readonly<Record<string, TrivialCells[number]>>, sets = 1): Plan {
  const { plan } = trivialPlan({ cells: Object.values(cells), sets });
  const labels = Object.keys(cells).map((name) =>
    Object.fromEntries(name.split(',').flatMap((part) => (part === '' ? [] : [part.split('=')]))),
  );
  const axes: Record<string, string[]> = {};
  for (const [axis, label] of labels.flatMap((one) => Object.entries<string>(one)))
    axes[axis] = [...new Set([...(axes[axis] ?? []), label])];
  return { ...plan, axes, cells: plan.cells.map((cell, at) => ({ ...cell, axes: labels[at] ?? {} })) };
}

const NOTHING = {
  cellsAdded: [],
  cellsGone: [],
  axesAdded: [],
  axesGone: [],
  changes: [],
  nodesAdded: 0,
  nodesGone: 0,
};

it('plans of equal cells do not differ, wherever their files lie', () => {
  const plan = planOf({ 'm=a': { one: { steps: 1 } } });
  expect(planDifference('r', plan, { ...plan, experiment: { name: 'moved', file: 'x.yaml' } })).toBeUndefined();
});

it('a value more and a value less are a cell added and a cell gone; a changed parameter is told with its cells', () => {
  const was = planOf({ 'm=a': { one: { steps: 1 } }, 'm=b': { one: { steps: 2 } }, 'm=c': { one: { steps: 3 } } });
  const now = planOf({ 'm=a': { one: { steps: 1 } }, 'm=b': { one: { steps: 5 } }, 'm=d': { one: { steps: 4 } } });
  expect(planDifference('r', was, now)).toEqual({
    ...NOTHING,
    run: 'r',
    cellsAdded: [{ m: 'd' }],
    cellsGone: [{ m: 'c' }],
    changes: [{ path: 'one.steps', from: 2, to: 5, cells: [{ m: 'b' }] }],
    nodesAdded: 2,
    nodesGone: 2,
  });
});

it('a setting that becomes an axis takes nothing away where its old value is one of the new ones', () => {
  const was = planOf({ 'm=a': { one: { steps: 1 } }, 'm=b': { one: { steps: 1, salt: 1 } } });
  const now = planOf({
    'm=a,steps=1': { one: { steps: 1 } },
    'm=a,steps=2': { one: { steps: 2 } },
    'm=b,steps=1': { one: { steps: 1, salt: 1 } },
    'm=b,steps=2': { one: { steps: 2, salt: 1 } },
  });
  expect(planDifference('r', was, now)).toMatchObject({
    cellsAdded: [
      { m: 'a', steps: '2' },
      { m: 'b', steps: '2' },
    ],
    cellsGone: [],
    axesAdded: ['steps'],
    changes: [],
  });
  expect(planDifference('r', now, was)).toMatchObject({ cellsAdded: [], axesGone: ['steps'], changes: [] });
});

it('an axis that goes with other settings leaves cells to be compared by the axes that are left', () => {
  const was = planOf({ 'm=a,steps=1': { one: { steps: 1 } }, 'm=b,steps=1': { one: { steps: 1, salt: 1 } } });
  const now = planOf({ 'm=a': { one: { steps: 7 } }, 'm=b': { one: { steps: 7, salt: 1 } } });
  expect(planDifference('r', was, now)).toMatchObject({
    cellsAdded: [],
    cellsGone: [],
    axesGone: ['steps'],
    changes: [{ path: 'one.steps', from: 1, to: 7 }],
  });
});

it('a new stage is told once, without its parameters; more sets are a setting', () => {
  const was = planOf({ '': { one: { steps: 1 } } });
  const now = planOf({ '': { one: { steps: 1 }, two: { from: 'one', steps: 9 } } }, 3);
  expect(planDifference('r', was, now)).toMatchObject({
    changes: [
      { path: 'replicates.sets', from: 1, to: 3 },
      { path: 'two.stage', to: 'count' },
    ],
  });
});

it('what only keys show is told by the number of nodes; without the data keys mean nothing', () => {
  const was = planOf({ '': { one: { steps: 5 } } });
  const now = planOf({ '': { one: { steps: 5, kind: 'grow', snapshots: [2] } } });
  const before = planOf({ '': { one: { steps: 5, kind: 'grow' } } });
  expect(planDifference('r', before, now)).toEqual({ ...NOTHING, run: 'r', nodesAdded: 1 });
  expect(planDifference('r', before, now, { unseen: true })).toBeUndefined();
  expect(planDifference('r', was, now)).toMatchObject({ changes: [{ path: 'one.stage', from: 'count', to: 'grow' }] });
});
