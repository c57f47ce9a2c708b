/**
 * `npm run bench -- NAME [--quick]`: prints each figure as `name: value unit` and each ratio against a peer as
 * `ratio name: value` (ours over theirs, below 1 is better), both sides measured alternately in the same run.
 */
import { parseArgs } from 'node:util';
import { FailureError } from '../base/result.ts';
import type { Benchmark } from './benchmark.ts';

const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  ops: async () => (await import('./ops.ts')).ops,
  'dm-step': async () => (await import('./dm-step.ts')).dmStep,
  steps: async () => (await import('./steps.ts')).steps,
  methods: async () => (await import('./methods.ts')).methods,
  recover: async () => (await import('./recover.ts')).recover,
  engine: async () => (await import('./engine.ts')).engine,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    threads: { type: 'string', default: '2' },
    backend: { type: 'string', default: 'onnxruntime' },
    only: { type: 'string' },
    'keep-activations': { type: 'string' },
  },
});
const [name = ''] = positionals;
const load = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined;
if (!load || positionals.length > 1) {
  process.stderr.write(
    `Usage: npm run bench -- NAME [--quick] [--threads N] [--backend NAME] [--only WORK] [--keep-activations MEGABYTES]\n`,
  );
  process.stderr.write(`Benchmarks: ${Object.keys(benchmarks).join(', ')}\n`);
  process.exit(2);
}

try {
  const benchmark = await load();
  await benchmark(
    {
      quick: values.quick,
      threads: Number(values.threads),
      backend: values.backend,
      ...(values.only !== undefined && { only: values.only }),
      ...(values['keep-activations'] !== undefined && { keepActivations: Number(values['keep-activations']) * 1e6 }),
    },
    {
      figure: (figure, value, unit) => process.stdout.write(`${figure}: ${value.toPrecision(4)} ${unit}\n`),
      ratio: (figure, value) => process.stdout.write(`ratio ${figure}: ${value.toFixed(3)}\n`),
      note: (text) => process.stderr.write(`${text}\n`),
    },
  );
} catch (error) {
  if (!(error instanceof FailureError)) throw error;
  const { code, message, help } = error.failure;
  process.stderr.write(`${message}\n${help === undefined ? '' : `${help}\n`}`);
  process.exitCode = /MISSING$/.test(code) ? 5 : 1;
}
