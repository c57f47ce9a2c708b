/**
 * Stages that compute next to nothing, for tests of the engine: `count` folds its step numbers, and whatever its input
 * holds, into one number. Tests load this module into child processes by `stageModules`.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { FailureError } from '../../base/result.ts';
import type { ParameterSchema, StageKind, State } from '../../stages/stage.ts';
import { ints } from '../../tensor/tensor.ts';

const integer = (description: string, usual = 0) => ({ type: 'integer', default: usual, description }) as const;

const parameters: ParameterSchema = {
  type: 'object',
  properties: {
    steps: integer('Steps.', 10),
    work: integer('Thousands of multiplications of each step.'),
    salt: integer('Anything: makes nodes differ.'),
    failAt: integer('The step, from 1, that answers with a failure.'),
    crashAt: integer('The step, from 1, that throws.'),
    dieAt: integer('The step, from 1, that kills its process, every time.'),
    mark: integer('How good it is: what a `score` of it says.'),
    talkative: integer('1: prints, as a native library would.'),
    hold: integer('MiB of memory held from the second step on.'),
    flaky: {
      type: 'string',
      default: '',
      description: 'A file: where there is none it is made, and the first step fails.',
    },
  },
};

const FILE = 'count.json';

/** One round of the multiplications that stand for a step. */
function mixed(value: number, by: number): number {
  return Math.imul(value ^ by, 0x9e3779b1) ^ (value >>> 15);
}

export const count: StageKind = {
  kind: 'count',
  version: 1,
  description: 'Counts its steps.',
  parameters,
  inputs: { from: { type: 'metrics', required: false, description: 'Where counting starts.' } },
  outputs: { count: { type: 'metrics', description: 'The number.' } },
  replicates: ['set'],
  usesData: false,
  threads: 1,
  async open({ params, seed, inputs, report }) {
    const { steps, work, salt, failAt, crashAt, dieAt, talkative, hold = 0 } = params as Record<string, number>;
    const flaky = params.flaky as string;
    if (talkative === 1)
      process.stdout.write(`a library says hello\nand sees GPUs [${process.env.CUDA_VISIBLE_DEVICES ?? 'any'}]\n`);
    let held: Buffer | undefined;
    const from = inputs.from ? JSON.parse(new TextDecoder().decode(inputs.from.read(FILE))).value : 0;
    return {
      steps: steps ?? 0,
      init: () => state(mixed(mixed(seed.base, from), mixed(seed.set ?? 0, salt ?? 0))),
      step(before, index) {
        const here = index + 1;
        if (here === dieAt) process.kill(process.pid, 'SIGKILL');
        if (here === 2 && hold > 0) held = Buffer.alloc(hold * 1024 ** 2, 1);
        if (flaky !== '' && !existsSync(flaky)) {
          writeFileSync(flaky, '');
          throw new FailureError({ code: 'COUNT_FLAKY', message: 'It failed this once.' });
        }
        if (here === crashAt) throw new Error('The sky has fallen');
        if (here === failAt)
          throw new FailureError({
            code: 'COUNT_REFUSED',
            message: `Step ${here} was told to fail.`,
            help: 'Ask for less.',
          });
        // Read, so that it is kept.
        let value = mixed(numberIn(before), index) + (held?.[0] ?? 1) - 1;
        for (let round = 0; round < 1000 * (work ?? 0); round++) value = mixed(value, round);
        report({ value });
        return state(value);
      },
      finish(last) {
        const value = numberIn(last);
        const mark = params.mark as number;
        const file = new TextEncoder().encode(`${JSON.stringify({ value, ...(mark !== 0 && { mark }) })}\n`);
        return { artifacts: { count: { [FILE]: file } }, metrics: { value } };
      },
    };
  },
};

function state(value: number): State {
  return { tensors: { value: ints([value]) }, values: {} };
}

function numberIn({ tensors }: State): number {
  return tensors.value?.data[0] ?? 0;
}

/** The same, and what it has counted at any step is what a shorter one ends with. */
export const grow: StageKind = {
  ...count,
  kind: 'grow',
  prefixExtending: 'steps',
  async open(context) {
    const run = await count.open(context);
    return { ...run, snapshot: (state) => run.finish(state) };
  },
};

/** One whose result says how long it was to be: its snapshots are not what shorter ones end with. */
export const total: StageKind = {
  ...count,
  kind: 'total',
  steps: ({ steps }) => steps as number,
  async open(context) {
    const run = await count.open({ ...context, params: { ...context.params, salt: context.params.steps ?? 0 } });
    return { ...run, snapshot: (state) => run.finish(state) };
  },
};

/** Makes metrics, as far as the engine can see: the mark of what it reads, where that has one. */
export const score: StageKind = {
  ...count,
  kind: 'score',
  outputs: { metrics: { type: 'metrics', description: 'The number.' } },
  async open(context) {
    const run = await count.open(context);
    return {
      ...run,
      async finish(state) {
        const { artifacts, metrics } = await run.finish(state);
        const read = context.inputs.from ? JSON.parse(new TextDecoder().decode(context.inputs.from.read(FILE))) : {};
        return { artifacts: { metrics: artifacts.count ?? {} }, metrics: { value: read.mark ?? metrics.value ?? 0 } };
      },
    };
  },
};

export const stageKinds: readonly StageKind[] = [count, grow, total, score];
