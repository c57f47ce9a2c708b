/**
 * Numbers made with SciPy 1.17.1 and NumPy; the call stands above each. Holm's with R's p.adjust(…, 'holm').
 */
import { expect, it } from 'vitest';
import {
  difference,
  holm,
  type SetValues,
  type Summary,
  signFlip,
  standardDeviation,
  summarise,
  tQuantile,
} from './statistics.ts';

const A = [79.1, 79.04, 79.76, 78.6];
const B = [75.23, 74.35, 75.61, 76.0];

function sets(values: readonly (number | readonly number[])[]): Summary {
  const summary = summarise(
    values.map((value, set): SetValues => ({ set, values: typeof value === 'number' ? [value] : value })),
  );
  if (!summary) throw new Error('expected values');
  return summary;
}

it('quantiles of t', () => {
  // [stats.t.ppf(.975, v) for v in (1, 2, 3, 5.48, 30, 400)]
  const scipy = [
    12.706204736174694, 4.302652729749462, 3.1824463052837078, 2.5043125643018893, 2.0422724563012378,
    1.9659123432294627,
  ];
  [1, 2, 3, 5.48, 30, 400].forEach((freedom, index) => {
    expect(tQuantile(0.975, freedom)).toBeCloseTo(scipy[index] ?? Number.NaN, 6);
  });
});

it('mean, sd between sets and the t interval', () => {
  // a.mean(), a.std(ddof=1), stats.t.interval(.95, len(a) - 1, loc=a.mean(), scale=stats.sem(a))
  const a = sets(A);
  expect(a.mean).toBeCloseTo(79.125, 10);
  expect(a.sdBetween).toBeCloseTo(0.4784349485562315, 10);
  expect(a.interval?.low).toBeCloseTo(78.3637032328243, 6);
  expect(a.interval?.high).toBeCloseTo(79.8862967671757, 6);
  expect(a.sdWithin).toBeUndefined();
});

it('evaluations are averaged inside their set first and never raise n', () => {
  // np.sqrt(sum(np.var(x, ddof=1) * (len(x) - 1) for x in w) / sum(len(x) - 1 for x in w))
  const w = sets([
    [80, 81.5],
    [79, 79.2, 78.4],
    [77, 77.9],
  ]);
  expect(w.sets).toBe(3);
  expect(w.evaluations).toEqual([2, 3]);
  expect(w.sdWithin).toBeCloseTo(0.6849574196011509, 10);
  expect(w.mean).toBeCloseTo((80.75 + 78.86666666666667 + 77.45) / 3, 10);
  expect(w.sdBetween).toBeCloseTo(standardDeviation([80.75, 78.86666666666667, 77.45]) ?? Number.NaN, 10);
});

it('one set has a mean, and neither interval nor sd between', () => {
  const one = sets([[80, 82]]);
  expect(one).toMatchObject({ sets: 1, mean: 81, sdWithin: Math.SQRT2 });
  expect(one.interval).toBeUndefined();
  expect(one.sdBetween).toBeUndefined();
});

it('no values, no summary', () => {
  expect(summarise([{ set: 0, values: [] }])).toBeUndefined();
});

it('paired difference', () => {
  // r = stats.ttest_rel(a, b); (a - b).mean(), r.confidence_interval(.95)
  const d = difference(sets(A), sets(B), true);
  expect(d.method).toBe('paired');
  expect(d.n).toBe(4);
  expect(d.mean).toBeCloseTo(3.8275, 10);
  expect(d.interval?.low).toBeCloseTo(2.4172312575203967, 6);
  expect(d.interval?.high).toBeCloseTo(5.237768742479604, 6);
  expect(d.p).toBe(0.125);
  expect(d.smallestP).toBe(0.125);
});

it('pairs are matched by set number, and a missing set drops its pair only', () => {
  const ours = summarise([
    { set: 1, values: [3] },
    { set: 0, values: [1] },
    { set: 2, values: [9] },
  ]);
  const theirs = summarise([
    { set: 0, values: [0] },
    { set: 1, values: [1] },
  ]);
  if (!ours || !theirs) throw new Error('expected values');
  expect(difference(ours, theirs, true)).toMatchObject({ n: 2, mean: 1.5, smallestP: 0.5 });
});

it("Welch's difference", () => {
  // r = stats.ttest_ind(a, b[:3], equal_var=False); r.confidence_interval(.95), r.df, r.pvalue
  const d = difference(sets(A), sets(B.slice(0, 3)), false);
  expect(d.method).toBe('welch');
  expect(d.mean).toBeCloseTo(4.061666666666667, 10);
  expect(d.degreesOfFreedom).toBeCloseTo(3.5787109105706065, 8);
  expect(d.interval?.low).toBeCloseTo(2.771714809400584, 6);
  expect(d.interval?.high).toBeCloseTo(5.351618523932751, 6);
  expect(d.p).toBeCloseTo(0.0013072134029515573, 6);
});

it('exact sign flips', () => {
  // stats.permutation_test((d,), np.sum, permutation_type='samples', n_resamples=np.inf).pvalue
  expect(signFlip([0.4, -0.1, 0.7, 0.3, 0.2, -0.25, 0.9])).toBe(0.109375);
  expect(signFlip([1, 2, 3, 4, 5, 6])).toBe(0.03125);
  expect(signFlip([1, 1, -1, 1, 1, 2])).toBe(0.1875);
});

it('five pairs can never reach 0.05 and six can', () => {
  expect(signFlip([1, 2, 3, 4, 5])).toBe(0.0625);
  expect(signFlip([1, 2, 3, 4, 5, 6])).toBeLessThan(0.05);
});

it('no difference is p = 1, none at all or one has no p, and 30 pairs are exact too', () => {
  expect(signFlip([0, 0])).toBe(1);
  expect(signFlip([])).toBeUndefined();
  expect(signFlip([1])).toBeUndefined();
  expect(signFlip(Array.from({ length: 30 }, () => 1))).toBe(2 / 2 ** 30);
});

it("Holm's adjustment", () => {
  // R: p.adjust(c(.01, .04, .03, .005), 'holm')
  const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
  [0.03, 0.06, 0.06, 0.02].forEach((p, index) => {
    expect(adjusted[index]).toBeCloseTo(p, 12);
  });
  expect(holm([0.8, 0.9])).toEqual([1, 1]);
});
