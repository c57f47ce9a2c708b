/** Results as the tables, CSV and JSON that people read. Long because tables stand whole, as they are printed. */
import { expect, it } from 'vitest';
import type { Plan, PlanNode } from '../plan/plan.ts';
import { type ResultTable, resultTable, type TableOptions } from './table.ts';
import type { TableFormat } from './table-format-names.ts';
import { formatTable } from './table-formats.ts';

interface Grid {
  readonly axes: Readonly<Record<string, readonly string[]>>;
  readonly sets: number;
  readonly evaluations: number;
  readonly baseline?: Readonly<Record<string, string>>;
  /** Cells that the matrix leaves out. */
  readonly without?: (axes: Readonly<Record<string, string>>) => boolean;
  /** Parameters of the evaluation that differ between cells. */
  readonly epochs?: (axes: Readonly<Record<string, string>>) => number;
}

function planOf({ axes, sets, evaluations, baseline, without, epochs }: Grid): Plan {
  let cells: Record<string, string>[] = [{}];
  for (const [axis, labels] of Object.entries(axes))
    cells = cells.flatMap((cell) => labels.map((label) => ({ ...cell, [axis]: label })));
  const kept = cells
    .filter((cell) => !without?.(cell))
    .map((cell) => ({ id: Object.values(cell).join('-'), axes: cell }));
  const nodes = kept.flatMap((cell): PlanNode[] =>
    Array.from({ length: sets * evaluations }, (_, index) => {
      const [set, evaluation] = [Math.floor(index / evaluations) + 1, (index % evaluations) + 1];
      const id = `score[${cell.id},set=${set},evaluation=${evaluation}]`;
      const params = { network: { kind: 'convnet', width: 32, depth: 3 }, epochs: epochs?.(cell.axes) ?? 20 };
      return {
        id,
        key: id,
        manifest: {
          v: 1,
          stage: 'evaluate',
          version: 1,
          params,
          seed: { base: 0, set, evaluation },
          inputs: { images: id },
          numerics: {},
        },
        params,
        threads: 1,
        outputs: ['metrics'],
        inputs: {},
        uses: [{ cell: cell.id, stage: 'score', set, evaluation }],
      };
    }),
  );
  return {
    schema: 'retort-plan/1',
    experiment: { name: 'made up', file: 'made-up.yaml' },
    data: { set: 'fashion-mnist', digest: 'd'.repeat(64), description: 'Fashion-MNIST, bundled subset' },
    backend: 'onnxruntime',
    numerics: {},
    replicates: { sets, evaluations },
    axes,
    ...(baseline && { baseline }),
    cells: kept,
    nodes,
  };
}

/** By cell: accuracies set by set, as planned. */
function tableOf(
  plan: Plan,
  values: Readonly<Record<string, readonly number[]>>,
  options: TableOptions = {},
): ResultTable {
  return resultTable(
    plan,
    (node) => {
      const [use] = node.uses;
      if (!use) return undefined;
      const index = ((use.set ?? 1) - 1) * plan.replicates.evaluations + (use.evaluation ?? 1) - 1;
      const accuracy = values[use.cell]?.[index];
      return accuracy === undefined || Number.isNaN(accuracy) ? undefined : { accuracy, loss: 1 - accuracy };
    },
    options,
  );
}

const METHODS = { axes: { method: ['random', 'dm'] }, baseline: { method: 'random' } };
const RANDOM = [0.7512, 0.7466, 0.7401, 0.7435, 0.7561, 0.758, 0.76, 0.761];
const DM = [0.791, 0.7899, 0.7904, 0.789, 0.7976, 0.795, 0.786, 0.788];

function shown(table: ResultTable, format: TableFormat = 'table', width?: number): string {
  return `\n${formatTable(table, format, width)}`;
}

it('shows n, mean, both spreads, interval and the paired difference from the baseline', () => {
  const plan = planOf({ ...METHODS, sets: 4, evaluations: 2 });
  const table = tableOf(plan, { random: RANDOM, dm: DM });
  expect(shown(table)).toMatchInlineSnapshot(`
    "
    made up · Fashion-MNIST, bundled subset · convnet (width 32, depth 3) · onnxruntime

    method  n      accuracy %  sd between  sd within   95 % interval  vs random  95 % interval      p
    random  4 x 2       75.21        0.84       0.22  73.87 to 76.54   baseline
    dm      4 x 2       79.09        0.39       0.13  78.46 to 79.71      +3.88   2.45 to 5.31  0.125

    n: synthetic sets x networks trained on each; sd between sets and within them; intervals by Student's t over sets.
    Differences from random in percentage points: paired by set; p by exact sign flips, which with 4 pairs cannot be below
    0.125 (never p < 0.05).
    "
  `);
  expect(shown(table, 'table', 80)).toMatchInlineSnapshot(`
    "
    made up · Fashion-MNIST, bundled subset · convnet (width 32, depth 3) ·
    onnxruntime

    method  n      accuracy %  sd between  sd within   95 % interval
    random  4 x 2       75.21        0.84       0.22  73.87 to 76.54
    dm      4 x 2       79.09        0.39       0.13  78.46 to 79.71

    method  vs random  95 % interval      p
    random   baseline
    dm          +3.88   2.45 to 5.31  0.125

    n: synthetic sets x networks trained on each; sd between sets and within them;
    intervals by Student's t over sets.
    Differences from random in percentage points: paired by set; p by exact sign
    flips, which with 4 pairs cannot be below 0.125 (never p < 0.05).
    "
  `);
  expect(shown(table, 'md')).toMatchInlineSnapshot(`
    "
    made up · Fashion-MNIST, bundled subset · convnet (width 32, depth 3) · onnxruntime

    | method | n | accuracy % | sd between | sd within | 95 % interval | vs random | 95 % interval | p |
    | --- | --- | --: | --: | --: | --: | --: | --: | --: |
    | random | 4 x 2 | 75.21 | 0.84 | 0.22 | 73.87 to 76.54 | baseline |  |  |
    | dm | 4 x 2 | 79.09 | 0.39 | 0.13 | 78.46 to 79.71 | +3.88 | 2.45 to 5.31 | 0.125 |

    n: synthetic sets x networks trained on each; sd between sets and within them; intervals by Student's t over sets. Differences from random in percentage points: paired by set; p by exact sign flips, which with 4 pairs cannot be below 0.125 (never p < 0.05).
    "
  `);
  expect(shown(table, 'csv')).toMatchInlineSnapshot(`
    "
    method,stage,metric,state,evaluated,planned,sets,mean,sd_between,sd_within,low_95,high_95,baseline,difference,difference_low_95,difference_high_95,difference_method,difference_n,p,p_smallest,p_holm
    random,score,accuracy,complete,8,8,4,0.7520625,0.008394182012957921,0.0021601504577227933,0.7387054832346884,0.7654195167653115,method=random,,,,,,,,
    dm,score,accuracy,complete,8,8,4,0.7908625,0.003916072649990021,0.0013195643220396424,0.7846311545324667,0.7970938454675334,method=random,0.03880000000000006,0.02451247592603156,0.05308752407396855,paired,4,0.125,0.125,0.125
    "
  `);
});

it('as JSON, with its schema and shares as shares', () => {
  const plan = planOf({ ...METHODS, sets: 2, evaluations: 1 });
  const read = JSON.parse(formatTable(tableOf(plan, { random: [0.5, 0.25], dm: [0.75, 0.75] }), 'json')) as ResultTable;
  expect(read).toMatchObject({
    schema: 'retort-table/1',
    metric: 'accuracy',
    network: 'convnet (width 32, depth 3)',
    baseline: { method: 'random' },
  });
  expect(read.rows[1]).toMatchObject({
    axes: { method: 'dm' },
    state: 'complete',
    summary: { sets: 2, evaluations: [1, 1], mean: 0.75 },
    difference: { method: 'paired', n: 2, mean: 0.375, smallestP: 0.5 },
  });
});

it('says so when one set allows no interval, and shows a loss of accuracy with its sign', () => {
  const plan = planOf({ ...METHODS, sets: 1, evaluations: 1 });
  expect(shown(tableOf(plan, { random: [0.75], dm: [0.7] }))).toMatchInlineSnapshot(`
    "
    made up · Fashion-MNIST, bundled subset · convnet (width 32, depth 3) · onnxruntime

    method  n      accuracy %  sd between  sd within  95 % interval  vs random  95 % interval  p
    random  1 x 1       75.00           -          -              -   baseline
    dm      1 x 1       70.00           -          -              -      -5.00              -  -

    n: synthetic sets x networks trained on each; sd between sets and within them; intervals by Student's t over sets.
    One set has neither an sd between sets nor an interval.
    Differences from random in percentage points: paired by set; one pair has neither an interval nor a p.
    "
  `);
});

it('marks what is missing, what failed and what was never run', () => {
  const plan = planOf({
    axes: { method: ['random', 'dc', 'dm', 'dsa'] },
    baseline: { method: 'random' },
    sets: 2,
    evaluations: 2,
  });
  const table = tableOf(
    plan,
    { random: [0.75, 0.76, 0.74, 0.75], dc: [0.8, 0.81, 0.79], dm: [0.8, Number.NaN, 0.81, 0.8] },
    { failed: new Set(['score[dm,set=1,evaluation=2]']) },
  );
  expect(shown(table)).toMatchInlineSnapshot(`
    "
    made up · Fashion-MNIST, bundled subset · convnet (width 32, depth 3) · onnxruntime

    method  n        accuracy %  sd between  sd within   95 % interval  vs random   95 % interval  p  remark
    random  2 x 2         75.00        0.71       0.71  68.65 to 81.35   baseline
    dc      2 x 1-2       79.75        1.06       0.71  70.22 to 89.28      +5.00    5.00 to 5.00  1  incomplete: 3 of 4 evaluations
    dm      2 x 1-2       80.25        0.35       0.71  77.07 to 83.43      +5.50  -0.85 to 11.85  1  failed: 3 of 4 evaluations
    dsa     -                 -           -          -               -          -               -  -  not run

    n: synthetic sets x networks trained on each; sd between sets and within them; intervals by Student's t over sets.
    Differences from random in percentage points: paired by set; p by exact sign flips, which with 2 pairs cannot be below
    0.5 (never p < 0.05).
    p is adjusted for the 2 differences of this table (Holm).
    "
  `);
  // Pairs are of the evaluations that both have.
  expect(table.rows[1]?.difference?.mean).toBeCloseTo((0.05 + 0.05) / 2, 12);
});

it('compares along one axis with all others equal; rows compared stand together', () => {
  const plan = planOf({
    axes: { method: ['random', 'dm'], imagesPerClass: ['1', '10'] },
    baseline: { method: 'random' },
    sets: 2,
    evaluations: 1,
    without: ({ method, imagesPerClass }) => method === 'random' && imagesPerClass === '10',
  });
  const values = { 'random-1': [0.5, 0.51], 'dm-1': [0.6, 0.62], 'dm-10': [0.8, 0.81] };
  expect(shown(tableOf(plan, values))).toMatchInlineSnapshot(`
    "
    made up · Fashion-MNIST, bundled subset · convnet (width 32, depth 3) · onnxruntime

    method  imagesPerClass  n      accuracy %  sd between  sd within   95 % interval  vs random  95 % interval    p
    random  1               2 x 1       50.50        0.71          -  44.15 to 56.85   baseline
    dm      1               2 x 1       61.00        1.41          -  48.29 to 73.71     +10.50  4.15 to 16.85  0.5
    dm      10              2 x 1       80.50        0.71          -  74.15 to 86.85          -              -    -

    n: synthetic sets x networks trained on each; sd between sets and within them; intervals by Student's t over sets.
    Differences from random in percentage points: paired by set; p by exact sign flips, which with 2 pairs cannot be below
    0.5 (never p < 0.05).
    "
  `);
  expect(shown(tableOf(plan, values, { by: 'imagesPerClass', metric: 'loss' }))).toMatchInlineSnapshot(`
    "
    made up · Fashion-MNIST, bundled subset · convnet (width 32, depth 3) · onnxruntime

    method  imagesPerClass  n       loss  sd between  sd within     95 % interval  vs imagesPerClass=1       95 % interval    p
    random  1               2 x 1  0.495    0.007071          -  0.4315 to 0.5585             baseline
    dm      1               2 x 1   0.39     0.01414          -  0.2629 to 0.5171             baseline
    dm      10              2 x 1  0.195    0.007071          -  0.1315 to 0.2585               -0.195  -0.2585 to -0.1315  0.5

    n: synthetic sets x networks trained on each; sd between sets and within them; intervals by Student's t over sets.
    Differences from imagesPerClass=1: paired by set; p by exact sign flips, which with 2 pairs cannot be below 0.5 (never p
    < 0.05).
    "
  `);
});

it('is not paired where the evaluations differ', () => {
  const plan = planOf({ ...METHODS, sets: 3, evaluations: 1, epochs: ({ method }) => (method === 'dm' ? 30 : 20) });
  const table = tableOf(plan, { random: [0.5, 0.51, 0.53], dm: [0.6, 0.62, 0.59] });
  expect(table.rows[1]?.difference?.method).toBe('welch');
  expect(shown(table)).toMatchInlineSnapshot(`
    "
    made up · Fashion-MNIST, bundled subset · convnet (width 32, depth 3) · onnxruntime

    method  n      accuracy %  sd between  sd within   95 % interval  vs random  95 % interval        p
    random  3 x 1       51.33        1.53          -  47.54 to 55.13   baseline
    dm      3 x 1       60.33        1.53          -  56.54 to 64.13      +9.00  5.54 to 12.46  0.00196

    n: synthetic sets x networks trained on each; sd between sets and within them; intervals by Student's t over sets.
    Differences from random in percentage points: by Welch's t, since sets do not share seeds and evaluation.
    "
  `);
});

it('without a matrix: one row, named by its stage', () => {
  const plan = planOf({ axes: {}, sets: 2, evaluations: 1 });
  expect(shown(tableOf(plan, { '': [0.5, 0.51] }))).toMatchInlineSnapshot(`
    "
    made up · Fashion-MNIST, bundled subset · convnet (width 32, depth 3) · onnxruntime

    stage  n      accuracy %  sd between  sd within   95 % interval
    score  2 x 1       50.50        0.71          -  44.15 to 56.85

    n: synthetic sets x networks trained on each; sd between sets and within them; intervals by Student's t over sets.
    "
  `);
});

it('of each set the best snapshot is shown as such, and the end of the run beside it', () => {
  const plan = planOf({ axes: { method: ['mtt'] }, sets: 2, evaluations: 1 });
  const snapshots = plan.nodes.flatMap((node): PlanNode[] =>
    [10, 20].map((at) => {
      const id = node.id.replace(']', `,at=${at}]`);
      return { ...node, id, key: id, uses: node.uses.map((use) => ({ ...use, at })) };
    }),
  );
  // By set: after 10 and 20 steps, and at the end. The first is best at 20, the second at its end.
  const values: Readonly<Record<number, readonly number[]>> = { 1: [0.5, 0.9, 0.6], 2: [0.4, 0.5, 0.7] };
  const table = resultTable({ ...plan, select: 'best', nodes: [...snapshots, ...plan.nodes] }, (node) => {
    const { set = 0, at = 30 } = node.uses[0]!;
    return { accuracy: values[set]![at / 10 - 1]! };
  });
  expect(table.rows[0]!.summary!.mean).toBeCloseTo(0.8, 12);
  expect(table.rows[0]!.end!.mean).toBeCloseTo(0.65, 12);
  expect(table.rows[0]!.curve!.map(({ at, summary }) => [at, summary.mean])).toEqual([
    [10, 0.45],
    [20, 0.7],
  ]);
  expect(shown(table)).toMatch(/accuracy % {2}at the end {2}sd between .*\nmtt {5}2 x 1 +80\.00 +65\.00/);
  expect(shown(table)).toMatch(/chosen by accuracy\s+on test data/);
  const [header, row] = formatTable(table, 'csv')
    .split('\n')
    .map((line) => line.split(','));
  expect(row![header!.indexOf('select')]).toBe('best');
  expect(Number(row![header!.indexOf('end_mean')])).toBeCloseTo(0.65, 12);
});
