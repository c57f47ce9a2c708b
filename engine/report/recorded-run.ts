/** A small grid and the events of its run, written out: what the tests of reporters and tables look at. */
import type { RunEvent } from '../events.ts';
import type { Plan, PlanNode } from '../plan/plan.ts';

/** Two methods, `sets` synthetic sets, `evaluations` networks on each. */
export function examplePlan(sets = 2, evaluations = 2): Plan {
  const nodes: PlanNode[] = [];
  for (const method of ['random', 'dm'])
    for (let set = 0; set < sets; set++) {
      const distil = node(
        `distil[method=${method},set=${set}]`,
        method === 'dm' ? 'match' : 'select',
        { method, imagesPerClass: 10 },
        {},
        { cell: method, stage: 'distil', set },
      );
      nodes.push(distil);
      for (let evaluation = 0; evaluation < evaluations; evaluation++)
        nodes.push(
          node(
            `score[method=${method},set=${set},evaluation=${evaluation}]`,
            'evaluate',
            { network: { kind: 'convnet', width: 32, depth: 3 }, epochs: 100 },
            { images: distil.id },
            { cell: method, stage: 'score', set, evaluation },
          ),
        );
    }
  return {
    schema: 'retort-plan/1',
    experiment: { name: 'distribution matching', file: 'experiments/quickstart.yaml' },
    data: { set: 'fashion-mnist', digest: 'd'.repeat(64), description: 'Fashion-MNIST, bundled subset' },
    backend: 'onnxruntime',
    numerics: { backend: 'onnxruntime' },
    replicates: { sets, evaluations },
    axes: { method: ['random', 'dm'] },
    baseline: { method: 'random' },
    cells: ['random', 'dm'].map((method) => ({ id: method, axes: { method } })),
    nodes,
  };
}

function node(
  id: string,
  stage: string,
  params: PlanNode['params'],
  inputs: PlanNode['inputs'],
  use: PlanNode['uses'][number],
): PlanNode {
  return {
    id,
    key: id,
    manifest: { v: 1, stage, version: 1, params, inputs, numerics: {} },
    params,
    threads: 1,
    outputs: [stage === 'evaluate' ? 'metrics' : 'images'],
    inputs,
    uses: [use],
  };
}

const START = Date.parse('2026-03-01T12:00:00.000Z');

/** Distributes over every member of the union, as `Omit` alone does not. */
type Unstamped<E> = E extends RunEvent ? Omit<E, 'at'> : never;

export function at(seconds: number, event: Unstamped<RunEvent>): RunEvent {
  return { at: new Date(START + 1000 * seconds).toISOString(), ...event } as RunEvent;
}

const RANDOM = 'distil[method=random,set=0]';
const MATCHED = 'distil[method=dm,set=0]';

/** One set of everything: a hit, a node that is checkpointed, one that fails and takes its reader with it. */
export function exampleEvents(): RunEvent[] {
  const step = (seconds: number, done: number, loss: number) =>
    at(seconds, { type: 'node-progress', node: MATCHED, step: done, steps: 300, figures: { loss } });
  return [
    at(0, {
      type: 'run-started',
      run: '20260301-120000-distribution-matching-1f2e',
      folder: 'runs/runs/20260301-120000-distribution-matching-1f2e',
      plan: examplePlan(1, 1),
      continues: false,
    }),
    at(0.1, { type: 'node-hit', node: RANDOM, metrics: {}, seconds: 1.5 }),
    at(0.2, { type: 'node-started', node: MATCHED, attempt: 1, fromStep: 0, steps: 300, log: 'logs/a.log' }),
    at(0.3, {
      type: 'node-started',
      node: 'score[method=random,set=0,evaluation=0]',
      attempt: 1,
      fromStep: 0,
      steps: 100,
      log: 'logs/b.log',
    }),
    step(5.2, 30, 9.25),
    step(10.2, 60, 7.5),
    step(14.2, 84, 6.75),
    step(20.2, 120, 6),
    at(20.5, { type: 'node-checkpoint', node: MATCHED, step: 120 }),
    at(21, { type: 'warning', message: 'two figures were not finite', node: MATCHED }),
    at(22, {
      type: 'node-done',
      node: 'score[method=random,set=0,evaluation=0]',
      metrics: { accuracy: 0.7523 },
      seconds: 21.7,
      artifacts: {},
    }),
    at(23, {
      type: 'node-failed',
      node: MATCHED,
      failure: {
        code: 'STEP_NOT_FINITE',
        message: 'The loss of step 121 is not a number.',
        help: 'Lower the learning rate.',
      },
      log: 'logs/a.log',
      willRetry: false,
    }),
    at(23.1, { type: 'node-skipped', node: 'score[method=dm,set=0,evaluation=0]', reason: 'upstream-failed' }),
    at(23.2, { type: 'run-finished', outcome: 'failed', executed: 1, hits: 1, seconds: 23.2 }),
  ];
}
