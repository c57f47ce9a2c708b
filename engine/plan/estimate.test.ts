/** Quantiles against NumPy 2; estimates of plans of trivial stages from made-up history. */
import { expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { type TrivialCells, trivialPlan } from '../../test/rig/trivial-plan.ts';
import { estimator, type PastResult } from './estimate.ts';
import { priceOf } from './estimate-grid.ts';
import { pastErrors } from './past-error.ts';
import type { Plan } from './plan.ts';
import { median, quantile } from './quantiles.ts';

const plan = (cells: TrivialCells, sets = 1) => trivialPlan({ cells, sets }).plan;

const unitsOf = (_stage: string, params: JsonObject) => ({
  units: (params.steps as number | undefined) ?? 10,
  parameter: 'steps',
});

/** Every node of the plans took so many seconds a step. */
function took(secondsAStep: readonly number[], ...plans: readonly Plan[]): PastResult[] {
  return plans
    .flatMap(({ nodes }) => nodes)
    .map(({ key, manifest, params }, index) => ({
      key,
      manifest,
      seconds: (secondsAStep[index % secondsAStep.length] ?? 0) * (params.steps as number),
      bytes: 100,
    }));
}

it('quantiles', () => {
  // [np.quantile([3, 1, 4, 1.5, 9], q) for q in (.1, .5, .9)]; np.median([1, 2])
  const values = [3, 1, 4, 1.5, 9];
  expect([0.1, 0.5, 0.9].map((share) => quantile(values, share))).toEqual([1.2, 3, 7]);
  expect(median([1, 2])).toBe(1.5);
});

it('the same settings but for seed and length: median and interval of seconds a step, times the steps', () => {
  const history = took(
    [1, 2, 3, 4, 5],
    plan([{ a: { steps: 20, salt: 7 } }], 5),
    plan([{ a: { steps: 20, salt: 8 } }]),
  );
  const now = plan([{ a: { steps: 100, salt: 7 } }], 6);
  const estimate = estimator({ plan: now, history, unitsOf });
  const [first] = now.nodes;
  if (!first) throw new Error('expected a node');
  const found = estimate(first);
  expect(found).toMatchObject({ bytes: 100, results: 5, sameSettings: true, seconds: { median: 300 } });
  expect(found?.seconds.low).toBeCloseTo(140, 9);
  expect(found?.seconds.high).toBeCloseTo(460, 9);
  // A checkpoint after step 75 leaves a quarter.
  expect(estimate(first, 75)?.seconds.median).toBe(75);
});

it('other settings: the nearest, said so; one result has no interval; other stages and backends say nothing', () => {
  const history = took([2], plan([{ a: { steps: 20, salt: 7 } }]));
  const now = plan([{ a: { steps: 10, salt: 9 } }]);
  const [node] = now.nodes;
  if (!node) throw new Error('expected a node');
  expect(estimator({ plan: now, history, unitsOf })(node)).toMatchObject({
    seconds: { median: 20, low: 20, high: 20 },
    results: 1,
    sameSettings: false,
  });
  const elsewhere = history.map((result) => ({
    ...result,
    manifest: { ...result.manifest, numerics: { backend: 'other' } },
  }));
  expect(estimator({ plan: now, history: elsewhere, unitsOf })(node)).toBeUndefined();
  expect(estimator({ plan: now, history: [], unitsOf })(node)).toBeUndefined();
});

it('short results do not count beside long ones', () => {
  const history = [...took([50], plan([{ a: { steps: 1 } }])), ...took([2], plan([{ a: { steps: 100 } }]))];
  const now = plan([{ a: { steps: 1000 } }]);
  const [node] = now.nodes;
  expect(node && estimator({ plan: now, history, unitsOf })(node)?.seconds.median).toBe(2000);
});

it('a price adds up, names what it does not know, and knows the longest chain', () => {
  const [one, two, three] = plan([{ a: { steps: 1 }, b: { from: 'a' }, c: { steps: 2 } }]).nodes;
  if (!one || !two || !three) throw new Error('expected three nodes');
  const estimate = (seconds: number) => ({
    seconds: { median: seconds, low: seconds / 2, high: seconds * 2 },
    bytes: 10,
    results: 3,
    sameSettings: seconds > 1,
  });
  expect(
    priceOf([
      { node: one, estimate: estimate(1), costs: 'something' },
      { node: two, estimate: estimate(4), costs: 'something', gpus: 2 },
      { node: three, costs: 'unknown' },
    ]),
  ).toEqual({
    seconds: { median: 5, low: 2.5, high: 10 },
    longestChainSeconds: 5,
    gpuSeconds: 8,
    bytes: 20,
    estimated: 2,
    withoutHistory: 1,
    unknownStages: ['count'],
    fromOtherSettings: 1,
    fromProbes: 0,
    withoutBytes: 1,
  });
});

it('a probe prices what differs in seed and length, and says that it is one; a graphics device says nothing of a processor', () => {
  const [probed] = took([3], plan([{ a: { steps: 20, salt: 7 } }]));
  if (!probed) throw new Error('expected a result');
  const { bytes: _, ...pace } = probed;
  const now = plan([{ a: { steps: 100, salt: 7 } }], 2);
  const [, second] = now.nodes;
  if (!second) throw new Error('expected two nodes');
  const estimate = estimator({ plan: now, history: [{ ...pace, probe: true }], unitsOf })(second);
  expect(estimate).toEqual({
    ...{ seconds: { median: 300, low: 300, high: 300 }, results: 1, sameSettings: true, probe: true },
  });
  expect(priceOf([{ node: second, costs: 'something', ...(estimate && { estimate }) }])).toMatchObject({
    ...{ fromProbes: 1, withoutBytes: 1, bytes: 0 },
  });
  const both = estimator({ plan: now, history: [{ ...pace, probe: true }, probed], unitsOf })(second);
  expect(both?.probe).toBeUndefined();

  const { manifest } = probed;
  const onDevice = { ...probed, manifest: { ...manifest, numerics: { ...manifest.numerics, provider: 'cuda' } } };
  expect(estimator({ plan: now, history: [onDevice], unitsOf })(second)).toBeUndefined();
});

it("the estimator's own error on the past: each result from the others, as if it had not run", () => {
  const now = plan([{ a: { steps: 1 } }]);
  const errors = (history: PastResult[]) => pastErrors({ plan: now, history, unitsOf });
  // Three of the same settings, of 20, 20 and 40 steps at 10, 11 and 20 seconds a step: by the medians of the others 15.5,
  // 15 and 10.5 seconds a step.
  const short = took([10, 11], plan([{ a: { steps: 20, salt: 1 } }], 2));
  const long = took([20], plan([{ a: { steps: 40, salt: 1 } }]));
  expect(errors([...short, ...long]).sameSettings?.results).toBe(3);
  expect(errors([...short, ...long]).sameSettings?.median).toBeCloseTo(0.475, 12);
  expect(errors([...short, ...long]).otherSettings).toBeUndefined();
  // One more of other settings: it and the three are estimated from each other.
  const other = took([22], plan([{ a: { steps: 40, salt: 2 } }]));
  const both = errors([...short, ...long, ...other]);
  expect(both.sameSettings?.median).toBeCloseTo(0.475, 12);
  // |22 - 10| / 10, |22 - 11| / 11, |22 - 20| / 20, |11 - 22| / 22
  expect(both.otherSettings?.results).toBe(4);
  expect(both.otherSettings?.median).toBeCloseTo((1 + 0.5) / 2, 12);
  expect(errors(other)).toEqual({});
});
