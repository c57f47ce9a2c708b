/** Files of PyTorch's exporters (`fixtures/make.py`): logits and gradients in the images as PyTorch gives them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import type { Backend } from '../../tensor/backends/backend.ts';
import { openOnnxruntime } from '../../tensor/backends/onnxruntime/backend.ts';
import { openReference } from '../../tensor/backends/reference/backend.ts';
import { compile } from '../../tensor/compile/compile.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import { decodeSafetensors } from '../../tensor/files/safetensors.ts';
import { gradient } from '../../tensor/gradient.ts';
import { square, sum } from '../../tensor/ops/index.ts';
import { floats, type Shape, sizeOf } from '../../tensor/tensor.ts';
import { frozenInputs, readFrozenNetwork } from './frozen-network.ts';

const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name));
const IMAGES: Shape = [2, 3, 16, 16];
const images = floats(
  Float32Array.from({ length: sizeOf(IMAGES) }, (_, index) => Math.sin(0.13 * index * index)),
  IMAGES,
);

const backends: readonly (readonly [string, Backend])[] = [
  ['onnxruntime', unwrap(await openOnnxruntime({ threads: 1 }))],
  ['reference', openReference()],
];

function largestError(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  const errors = Array.from(wanted, (value, index) => Math.abs(value - (found[index] ?? Number.NaN)));
  return Math.max(...errors) / Math.max(...Array.from(wanted, Math.abs));
}

const files = ['resnet-norms', 'resnet-opset9', 'resnet-dynamo', 'mixed-opset17', 'mixed-dynamo'];

describe.each(backends)('on %s', (_, backend) => {
  it.each(files)('%s gives the logits and gradients of PyTorch', async (file) => {
    const network = unwrap(readFrozenNetwork(fixture(`${file}.onnx`)));
    expect(network.input).toEqual({ channels: 3, height: 16, width: 16, classes: 5 });
    const pictures = input('images', IMAGES);
    const { logits } = unwrap(network.apply(pictures, frozenInputs(network)));
    const [slope] = gradient(sum(square(logits)), [pictures]) as [Expr];
    const found = await (await compile(backend, { logits, slope })).run({ ...network.values, images });
    const { tensors } = unwrap(decodeSafetensors(fixture(`${file.split('-')[0]}.safetensors`)));
    expect(largestError(found.logits?.data ?? [], tensors.logits?.data ?? [])).toBeLessThan(1e-5);
    expect(largestError(found.slope?.data ?? [], tensors.gradient?.data ?? [])).toBeLessThan(1e-5);
  });
});

it('shows batch norms that the exporter kept, with what they were trained on', async () => {
  const network = unwrap(readFrozenNetwork(fixture('resnet-norms.onnx')));
  const { norms, embedding } = unwrap(network.apply(input('images', IMAGES), frozenInputs(network)));
  expect(norms.map(({ name, input: entered }) => [name, ...entered.shape])).toEqual([
    ['bn1', 2, 4, 8, 8],
    ['layer1.bn1', 2, 6, 2, 2],
    ['layer1.bn2', 2, 6, 2, 2],
    ['layer1.downsample.1', 2, 6, 2, 2],
  ]);
  expect(embedding?.shape).toEqual([2, 6]);
  expect(network.notes).toEqual([]);
  const [first] = norms;
  if (!first) throw new Error('Expected a norm');
  const { statistics, running } = first;
  const program = await compile(openReference(), { mean: statistics.mean, was: running.mean, var: running.variance });
  const found = await program.run({ ...network.values, images });
  expect(found.mean?.shape).toEqual([4]);
  expect(found.was?.data).toEqual(Float64Array.from(network.values['bn1.running_mean']?.data ?? []));
  expect(found.var?.data).toEqual(Float64Array.from(network.values['bn1.running_var']?.data ?? []));
});

it('says when norms were folded away', () => {
  const { notes } = unwrap(readFrozenNetwork(fixture('resnet-dynamo.onnx')));
  expect(notes).toHaveLength(1);
  expect(notes[0]).toContain('It shows 0 batch norms, and 4 convolutions have a bias and no norm behind them');
});

it('says which images it takes', () => {
  const network = unwrap(readFrozenNetwork(fixture('resnet-norms.onnx')));
  expect(network.apply(input('images', [2, 1, 16, 16]), frozenInputs(network))).toMatchObject({
    ok: false,
    error: { code: 'ONNX_INPUT', message: 'The network takes images [N, 3,16,16], got [2,1,16,16]' },
  });
});
