import { expect, it } from 'vitest';
import type { Plan, PlanNode } from '../../plan/plan.ts';
import type { Summary } from '../statistics.ts';
import type { ResultTable } from '../table.ts';
import { lineChart } from './chart.ts';
import { metricCurves } from './figures.ts';

const at = (mean: number): Summary => ({ sets: 1, evaluations: [1, 1], mean, setMeans: [{ set: 1, mean }] });
const row = {
  ...{ cell: 'one', axes: { method: 'mtt' }, stage: 'score', state: 'complete', evaluated: 1, planned: 1 },
  isBaseline: false,
  curve: [10, 20].map((step) => ({ at: step, evaluated: 1, summary: at(step / 40) })),
} as const;
const plan = {
  experiment: { name: 'curves' },
  nodes: [
    { id: 'distil', uses: [], inputs: {}, chain: { at: 30 } },
    { id: 'score', uses: [{ cell: 'one', stage: 'score' }], inputs: { images: 'distil' } },
  ] as unknown as readonly PlanNode[],
} as unknown as Plan;

it.each(['last', 'best'] as const)('the curve of a metric goes to the end of the run (%s)', (select) => {
  const own = select === 'best' ? { summary: at(0.5), end: at(0.4) } : { summary: at(0.4) };
  const table = { metric: 'accuracy', select, experiment: { name: 'curves' }, rows: [{ ...row, ...own }] };
  const { svg } = metricCurves(table as unknown as ResultTable, plan)!;
  expect(svg).toContain('>30<');
  expect(
    svg
      .match(/points="([^"]*)"/)?.[1]
      ?.trim()
      .split(' '),
  ).toHaveLength(3);
});

it('lines that no chart can hold are counted', () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ name: `line ${at}`, points: [[1, at] as const, [2, at] as const] }));
  expect(lineChart('many', 'many', 'steps', lines(18))!.svg).not.toContain('not drawn');
  const { svg } = lineChart('many', 'many', 'steps', lines(21))!;
  expect(svg).toContain('and 3 more, not drawn');
  expect(svg).not.toContain('line 18');
});
