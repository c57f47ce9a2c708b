/** The judge of pruning: its three rules by hand, and what must hold whatever arrives in whatever order. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isBetter } from '../plan/direction.ts';
import type { PruneRule } from '../plan/prune-rule.ts';
import { type Arrival, Judge, type PruneDecision } from './prune.ts';

const RULE: PruneRule = { rule: 'median', metric: 'accuracy', eta: 3, minReplicates: 1, minCells: 3, within: [] };

function decide(rule: Partial<PruneRule>, arrivals: readonly (readonly [string, number, string?])[]): string[] {
  const judge = new Judge({ ...RULE, ...rule });
  return arrivals.flatMap(([cell, value, cohort = '100']) =>
    judge
      .arrived({ cell, cohort, value })
      .map((decision) => `${decision.verdict} ${decision.cell} (${decision.threshold})`),
  );
}

it('median: worse than the median of the others, once there are enough', () => {
  expect(
    decide({}, [
      ['a', 0.5],
      ['b', 0.7],
    ]),
  ).toEqual([]);
  expect(
    decide({}, [
      ['a', 0.5],
      ['b', 0.75],
      ['c', 0.25],
    ]),
  ).toEqual(['keep a (0.5)', 'keep b (0.375)', 'prune c (0.625)']);
  // Who comes later is judged by all that have come, the pruned among them.
  expect(
    decide({}, [
      ['a', 0.5],
      ['b', 0.5],
      ['c', 0.25],
      ['d', 0.25],
    ]).slice(3),
  ).toEqual(['prune d (0.5)']);
  // At each step anew, and in its own cohort.
  expect(
    decide({ minCells: 2 }, [
      ['a', 0.5],
      ['b', 0.75],
      ['b', 0.1, '200'],
      ['a', 0.2, '200'],
    ]),
  ).toEqual(['prune a (0.75)', 'keep b (0.5)', 'prune b (0.2)', 'keep a (0.1)']);
});

it('asha: one in eta goes on, of those that have come so far', () => {
  const values = [
    ['a', 0.1],
    ['b', 0.2],
    ['c', 0.3],
    ['d', 0.4],
    ['e', 0.5],
    ['f', 0.45],
  ] as const;
  expect(decide({ rule: 'asha', eta: 3 }, values)).toEqual([
    'prune a (0.3)',
    'prune b (0.3)',
    'keep c (0.3)',
    'keep d (0.4)',
    'keep e (0.5)',
    'keep f (0.45)',
  ]);
});

it('threshold: nobody else is looked at; losses are better when low', () => {
  expect(
    decide({ rule: 'threshold', threshold: 0.3 }, [
      ['a', 0.3],
      ['b', 0.29],
    ]),
  ).toEqual(['keep a (0.3)', 'prune b (0.3)']);
  expect(
    decide({ rule: 'threshold', threshold: 0.3, metric: 'testLoss' }, [
      ['a', 0.3],
      ['b', 0.31],
    ]),
  ).toEqual(['keep a (0.3)', 'prune b (0.3)']);
});

it('waits for replicates and judges by their mean', () => {
  const rule = { rule: 'threshold', threshold: 0.5, minReplicates: 2 } as const;
  expect(
    decide(rule, [
      ['a', 0.1],
      ['b', 0.9],
      ['a', 0.9],
      ['b', 0.0],
      ['a', 0],
    ]),
  ).toEqual(['keep a (0.5)', 'prune b (0.5)']);
});

it('gives the evidence', () => {
  const judge = new Judge({ ...RULE, minCells: 2 });
  judge.arrived({ cell: 'a', cohort: '100', value: 0.5 });
  expect(judge.arrived({ cell: 'b', cohort: '100', value: 0.25 }, (cell) => cell === 'a')).toEqual([
    {
      verdict: 'prune',
      cell: 'b',
      cohort: '100',
      value: 0.25,
      threshold: 0.5,
      standings: [
        { cell: 'a', value: 0.5, replicates: 1 },
        { cell: 'b', value: 0.25, replicates: 1 },
      ],
    },
  ]);
});

const anyRule = fc.record({
  rule: fc.constantFrom('median' as const, 'asha' as const, 'threshold' as const),
  metric: fc.constantFrom('accuracy', 'testLoss'),
  eta: fc.constantFrom(1.5, 2, 3, 10),
  threshold: fc.constant(0.5),
  minReplicates: fc.integer({ min: 1, max: 3 }),
  minCells: fc.integer({ min: 2, max: 5 }),
  within: fc.constant([]),
});
const anyArrivals = fc.array(
  fc.record({
    cell: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    cohort: fc.constantFrom('1', '2'),
    value: fc.integer({ min: 0, max: 10 }).map((tenths) => tenths / 10),
  }),
  { maxLength: 60 },
);

function run(rule: PruneRule, arrivals: readonly Arrival[]): PruneDecision[] {
  const judge = new Judge(rule);
  const pruned = new Set<string>();
  return arrivals.flatMap((arrival) => {
    const decisions = judge.arrived(arrival, (cell) => pruned.has(cell));
    for (const { verdict, cell } of decisions) if (verdict === 'prune') pruned.add(cell);
    return decisions;
  });
}

it('judges every cell once for a step, by what has arrived, never the best one away, and the same again', () => {
  fc.assert(
    fc.property(anyRule, anyArrivals, (rule, arrivals) => {
      const decisions = run(rule, arrivals);
      expect(run(rule, arrivals)).toEqual(decisions);
      expect(new Set(decisions.map(({ cell, cohort }) => `${cell} ${cohort}`)).size).toBe(decisions.length);
      for (const { verdict, cell, value, threshold, standings, cohort } of decisions) {
        expect(verdict).toBe(isBetter(rule.metric, threshold, value) ? 'prune' : 'keep');
        expect(standings.map((standing) => standing.cell)).toContain(cell);
        for (const standing of standings) {
          expect(standing.replicates).toBeGreaterThanOrEqual(rule.minReplicates);
          const figures = arrivals.filter((one) => one.cell === standing.cell && one.cohort === cohort);
          expect(figures.length).toBeGreaterThanOrEqual(standing.replicates);
        }
        if (rule.rule === 'threshold') continue;
        expect(standings.length).toBeGreaterThanOrEqual(rule.minCells);
        const isBest = standings.every((other) => !isBetter(rule.metric, other.value, value));
        if (isBest) expect(verdict).toBe('keep');
      }
      // What arrives later changes nothing that was decided.
      const half = arrivals.slice(0, arrivals.length >> 1);
      expect(decisions.slice(0, run(rule, half).length)).toEqual(run(rule, half));
    }),
  );
});
