/**
 * Every backend that can be opened here against the reference, operation by operation and over whole training graphs:
 * values, derivatives up to the third order, and the same bits when a program is run or prepared again.
 *
 * Native backends compute in float32 and may reorder sums, so an element may differ by `TOLERANCE` of the largest
 * element of its tensor (or of 1). Slopes of the cases add up cancelling terms of that size.
 */
import { describe, expect, it } from 'vitest';
import { compile } from '../compile/compile.ts';
import type { Expr } from '../expr.ts';
import { caseGraph, opCases } from '../ops/cases.ts';
import { asFloat32, type Tensor } from '../tensor.ts';
import type { Backend, BackendName } from './backend.ts';
import { gradientMatching, type TrainingCase, trainingStep } from './conformance-training.ts';
import { openBackend } from './open.ts';
import { openReference } from './reference/backend.ts';

const TOLERANCE = 2e-6;
const SLOPE_TOLERANCE = 1e-5;

type Values = Readonly<Record<string, Tensor>>;
type Outputs = Readonly<Record<string, Expr>>;

const reference = openReference();
const natives: readonly BackendName[] = ['onnxruntime', 'tensorflow'];
const opened: Backend[] = [];
for (const name of natives) {
  const result = await openBackend(name, { threads: 2 });
  if (result.ok) opened.push(result.value);
}

const trainingCases: readonly TrainingCase[] = [
  trainingStep({ images: 4, size: 8, width: 6, norm: 'instance', pooling: 'average' }),
  trainingStep({ images: 4, size: 8, width: 6, norm: 'batch', pooling: 'max' }),
  gradientMatching({ images: 3, size: 8, width: 4, norm: 'instance', pooling: 'average' }),
  gradientMatching({ images: 3, size: 8, width: 4, norm: 'batch', pooling: 'max' }),
];

/** Floats as float32 holds them, so that both sides start from equal numbers. */
function rounded(feeds: Values): Values {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => [
      name,
      tensor.dtype === 'float' ? { ...tensor, data: asFloat32(tensor) } : tensor,
    ]),
  );
}

async function valuesOf(backend: Backend, outputs: Outputs, feeds: Values): Promise<Values> {
  const program = await backend.prepare({ outputs });
  const found = await program.run(feeds);
  program.dispose();
  return found;
}

function agree(name: string, found: Tensor | undefined, wanted: Tensor | undefined, tolerance: number): void {
  expect({ ...found, data: null }, name).toEqual({ ...wanted, data: null });
  const [got, want] = [Array.from(found?.data ?? []), Array.from(wanted?.data ?? [])];
  const scale = want.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  for (const [index, value] of want.entries()) {
    const error = Math.abs((got[index] ?? Number.NaN) - value) / scale;
    if (!(error <= tolerance)) expect.fail(`${name}[${index}] is ${got[index]}, not ${value} (${error} of ${scale})`);
  }
}

function bits(values: Values): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, { data }]) => [
      name,
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
    ]),
  );
}

it('opens the backend that every installation has', () => {
  expect(opened.map(({ name }) => name)).toContain('onnxruntime');
});

describe.each(opened.map((backend) => ({ name: backend.name, backend })))('$name', ({ backend }) => {
  it.each(opCases)('$name', async (opCase) => {
    const { value, slopes, feeds } = caseGraph(opCase);
    const outputs = { value, ...Object.fromEntries(slopes.map((slope, order) => [`slope${order}`, slope])) };
    const fed = rounded(feeds);
    const wanted = await valuesOf(reference, outputs, fed);
    const found = await valuesOf(backend, outputs, fed);
    for (const name of Object.keys(outputs)) {
      agree(name, found[name], wanted[name], name === 'value' ? TOLERANCE : SLOPE_TOLERANCE);
    }
  });

  it.each(trainingCases)('$name', async ({ outputs, feeds }) => {
    const wanted = await valuesOf(reference, outputs, feeds);
    const program = await compile(backend, outputs);
    const found = await program.run(feeds);
    for (const name of Object.keys(outputs)) agree(name, found[name], wanted[name], SLOPE_TOLERANCE);
    program.dispose();
  });

  it('gives the same bits from one program twice, and from one prepared again', async () => {
    const { outputs, feeds } = trainingStep({ images: 16, size: 16, width: 32, norm: 'instance', pooling: 'average' });
    const program = await compile(backend, outputs);
    const first = bits(await program.run(feeds));
    expect(bits(await program.run(feeds))).toEqual(first);
    expect(bits(await valuesOf(backend, outputs, feeds))).toEqual(bits(await valuesOf(backend, outputs, feeds)));
    program.dispose();
  });
});

it('onnxruntime: one and two threads give the same bits at these sizes', async () => {
  const results = [];
  for (const threads of [1, 2]) {
    const opening = await openBackend('onnxruntime', { threads });
    if (!opening.ok) throw new Error(opening.error.message);
    const found = [];
    for (const { outputs, feeds } of [
      trainingStep({ images: 16, size: 16, width: 32, norm: 'instance', pooling: 'average' }),
      gradientMatching({ images: 8, size: 16, width: 16, norm: 'batch', pooling: 'max' }),
    ]) {
      const program = await compile(opening.value, outputs);
      found.push(bits(await program.run(feeds)));
      program.dispose();
    }
    results.push(found);
  }
  expect(results[1]).toEqual(results[0]);
});
