/** The figures of a table: how the metric of each cell moves with the iterations, and what stages said of their steps. */
import type { Plan, PlanNode } from '../../plan/plan.ts';
import type { ResultTable, TableRow } from '../table.ts';
import { isShare, figure as rounded } from '../wording.ts';
import { type Figure, lineChart, type Series } from './chart.ts';
import type { Points } from './progress.ts';

/** The metric over the steps of what is evaluated: its snapshots, and its end where the plan says how long it is. */
export function metricCurves(table: ResultTable, plan: Plan): Figure | undefined {
  const { metric, rows } = table;
  const share = isShare(metric);
  const series = rows
    .filter(({ curve }) => curve)
    .map((row): Series => {
      const points: [number, number][] = (row.curve ?? []).map(({ at, summary }) => [at, summary.mean]);
      const at = lastStep(row, plan);
      const end = table.select === 'best' ? row.end : row.summary;
      if (at !== undefined && end) points.push([at, end.mean]);
      return { name: nameOf(row), points };
    });
  const title = `${metric} over steps`;
  const show = share ? (value: number) => `${(100 * value).toFixed(1)} %` : rounded;
  return lineChart(`${slug(table.experiment.name)}-${slug(metric)}`, title, 'steps', series, show);
}

function lastStep({ cell, stage }: TableRow, plan: Plan): number | undefined {
  const evaluation = plan.nodes.find(({ uses }) =>
    uses.some((use) => use.cell === cell && use.stage === stage && use.at === undefined),
  );
  const above = new Set(Object.values(evaluation?.inputs ?? {}));
  return plan.nodes.find(({ id, chain }) => above.has(id) && chain)?.chain?.at;
}

/** A chart for each stage and figure, a line for each node. */
export function progressCharts(
  plan: Plan,
  nodes: readonly PlanNode[],
  progress: ReadonlyMap<string, ReadonlyMap<string, Points>>,
): Figure[] {
  const charts = new Map<string, { stage: string; figure: string; series: Series[] }>();
  for (const { id, uses } of nodes)
    for (const [figure, points] of progress.get(id) ?? []) {
      const stage = uses[0]?.stage ?? '';
      const key = `${stage}-${figure}`;
      const chart = charts.get(key) ?? { stage, figure, series: [] };
      chart.series.push({ name: id, points });
      charts.set(key, chart);
    }
  return [...charts].flatMap(
    ([key, { stage, figure, series }]) =>
      lineChart(
        `${slug(plan.experiment.name)}-${slug(key)}`,
        `${stage}: ${figure} over steps`,
        'steps',
        series,
        rounded,
      ) ?? [],
  );
}

function nameOf({ axes, stage }: TableRow): string {
  return (
    Object.entries(axes)
      .map(([axis, label]) => `${axis} ${label}`)
      .join(', ') || stage
  );
}

export function slug(text: string): string {
  return (
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '') || 'figure'
  );
}
