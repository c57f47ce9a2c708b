/**
 * Stages that compute next to nothing, for tests of the engine: `count` folds its step numbers, and whatever its input
 * holds, into one number. Tests load this module into child processes by `stageModules`.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Json, JsonObject } from '../../base/json.ts';
import { FailureError } from '../../base/result.ts';
import { StepInterrupted } from '../../stages/interrupted.ts';
import { partsOf, type Range, rangeName, rangesOf } from '../../stages/shards.ts';
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
    gateAt: integer('The step, from 1, that waits at the gate.'),
    gate: {
      type: 'string',
      default: '',
      description: 'A file: until it is there, step `gateAt` waits, as long as nobody asks to stop.',
    },
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
    const { steps, work, salt, failAt, crashAt, dieAt, talkative, hold = 0, gateAt } = params as Record<string, number>;
    const [flaky, gate] = [params.flaky as string, gateOf(params.gate as string)];
    if (talkative === 1)
      process.stdout.write(`a library says hello\nand sees GPUs [${process.env.CUDA_VISIBLE_DEVICES ?? 'any'}]\n`);
    let held: Buffer | undefined;
    const from = inputs.from ? JSON.parse(new TextDecoder().decode(inputs.from.read(FILE))).value : 0;
    return {
      steps: steps ?? 0,
      ...(gate && { interrupt: gate.interrupt }),
      init: () => state(mixed(mixed(seed.base, from), mixed(seed.set ?? 0, salt ?? 0))),
      async step(before, index) {
        const here = index + 1;
        if (here === gateAt) await gate?.opened();
        if (here === dieAt) process.kill(process.pid, 'SIGKILL');
        if (here >= 2 && hold > 0) held ??= Buffer.alloc(hold * 1024 ** 2, 1);
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

const LOOK_EVERY_MS = 5;

function gateOf(file: string) {
  if (file === '') return undefined;
  let stopped = false;
  return {
    interrupt() {
      stopped = true;
    },
    async opened() {
      while (!existsSync(file)) {
        if (stopped) throw new StepInterrupted();
        await pause(LOOK_EVERY_MS);
      }
    },
  };
}

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

const PART = 'part.json';

/** One step for each of its items, which know nothing of each other: split into shards of `per` items. */
export const spread: StageKind = {
  kind: 'spread',
  version: 1,
  description: 'Makes a number of every item.',
  parameters: {
    type: 'object',
    properties: {
      items: integer('Items.', 10),
      per: integer('Items of a shard; 0: no shards.'),
      salt: integer('Anything: makes nodes differ.'),
      flakyItem: integer('The item that fails as `flaky` says.', -1),
      flaky: parameters.properties.flaky as JsonObject,
      common: integer('1: every shard also makes a file of one name.'),
    },
  },
  inputs: { from: { type: 'metrics', required: false, description: 'Where counting starts.' } },
  outputs: { parts: { type: 'statistics', description: 'The numbers.' } },
  replicates: ['set'],
  usesData: false,
  threads: 1,
  shards: ({ items, per }) => (per === 0 ? [] : rangesOf(items as number, per as number).map((of) => ({ items: of }))),
  splitting: ['per'],
  covered: ['items'],
  joinFile: (_role, _name, files) => json(files.map((file) => JSON.parse(new TextDecoder().decode(file.read())))),
  joinMetrics: (parts) => ({ value: parts.reduce((sum, { metrics }) => mixed(sum, metrics.value ?? 0), 0) }),
  async open({ params, seed, inputs, shard, report }) {
    const [first, end] = (shard?.items ?? [0, params.items]) as unknown as Range;
    const from = inputs.from ? JSON.parse(new TextDecoder().decode(inputs.from.read(FILE))).value : 0;
    const flaky = params.flaky as string;
    return {
      steps: end - first,
      init: () => ({ tensors: {}, values: { made: [] } }),
      step({ values }, index) {
        if (first + index === params.flakyItem && !existsSync(flaky)) {
          writeFileSync(flaky, '');
          throw new FailureError({ code: 'SPREAD_FLAKY', message: 'It failed this once.' });
        }
        const value = mixed(mixed(seed.base, from), mixed(first + index, params.salt as number));
        report({ value });
        return { tensors: {}, values: { made: [...(values.made as number[]), value] } };
      },
      finish({ values }) {
        const made = values.made as number[];
        const common = params.common === 1 && { 'common.json': json(made.length) };
        const parts = { [rangeName(PART, [first, end])]: json(made), ...common };
        return { artifacts: { parts }, metrics: { value: made.reduce(mixed, 0) } };
      },
    };
  },
};

/** Reads the numbers of all items, in however many files they are. */
export const gather: StageKind = {
  ...count,
  kind: 'gather',
  inputs: { from: { type: 'statistics', required: true, description: 'The numbers.' } },
  async open({ inputs: { from }, ...context }) {
    if (!from) throw new Error('Internal error: expected numbers');
    const made = partsOf(PART, from.files).flatMap((name) => JSON.parse(new TextDecoder().decode(from.read(name))));
    const run = await count.open({ ...context, inputs: {} });
    return { ...run, init: () => state((made as number[]).reduce(mixed, 0)) };
  },
};

function json(value: Json): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

export const stageKinds: readonly StageKind[] = [count, grow, total, score, spread, gather];
