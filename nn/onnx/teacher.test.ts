/** Exported networks in ONNX Runtime itself, and back. */
import { createHash } from 'node:crypto';
import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { openOnnxruntime } from '../../tensor/backends/onnxruntime/backend.ts';
import { compile } from '../../tensor/compile/compile.ts';
import { input } from '../../tensor/expr.ts';
import { decodeOnnx } from '../../tensor/files/onnx/model.ts';
import { floats, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { buildNetwork, type Network, type NetworkSpec, networkInputs } from '../network.ts';
import { frozenInputs, readFrozenNetwork } from './frozen-network.ts';
import { decodeTeacher, encodeTeacher } from './teacher.ts';

const size = { channels: 3, height: 16, width: 16, classes: 4 };
const backend = unwrap(await openOnnxruntime({ threads: 1 }));

/** As spread as trained values are, variances above 0. */
function trained(network: Network): Record<string, Tensor> {
  const specs = [...network.parameters, ...network.buffers];
  return Object.fromEntries(
    specs.map(({ name, shape }, place) => {
      const values = new Float32Array(sizeOf(shape));
      const spread = shape.length >= 2 ? 1 / Math.sqrt(sizeOf(shape.slice(1))) : 0.2;
      const centre = (shape.length === 1 && name.endsWith('weight')) || name.endsWith('running_var') ? 1 : 0;
      for (let i = 0; i < values.length; i++) values[i] = centre + spread * Math.sin(i * i * 0.37 + i + place);
      return [name, floats(values, shape)];
    }),
  );
}

function picturesOf(shape: readonly number[]): Tensor {
  return floats(
    Float32Array.from({ length: sizeOf(shape) }, (_, index) => Math.sin(index * index * 0.13)),
    shape,
  );
}

/** Of all tensors, in the order of their names. */
function bitsOf(values: Readonly<Record<string, Tensor>>): string {
  const hash = createHash('sha256');
  for (const [name, { data }] of Object.entries(values)) {
    hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(found.length).toBe(wanted.length);
  const errors = Array.from(found, (value, index) => Math.abs(value - (wanted[index] ?? Number.NaN)));
  const most = Math.max(...Array.from(wanted, Math.abs));
  expect(Math.max(...errors) / most).toBeLessThan(2e-5);
}

const specs: readonly NetworkSpec[] = [
  { kind: 'convnet', width: 8, norm: 'batch', depth: 2 },
  { kind: 'convnet', width: 8, norm: 'group', groups: 2, activation: 'gelu', pooling: 'max', depth: 2 },
  { kind: 'convnet', width: 8, norm: 'layer', activation: 'leakyRelu', depth: 1, head: 'globalAverage' },
  { kind: 'mlp', width: 16 },
  { kind: 'lenet' },
  { kind: 'alexcifarnet' },
  { kind: 'resnet', depth: 18, norm: 'batch', downsampling: 'average' },
  { kind: 'wide-resnet', depth: 10 },
  { kind: 'mobilenet-v2', widthMultiplier: 0.25, activation: 'relu6' },
  { kind: 'shufflenet-v2', widthMultiplier: 0.5 },
  { kind: 'efficientnet-b0' },
  { kind: 'vit', width: 24, depth: 2, heads: 3 },
];

describe.each(specs.map((spec) => [JSON.stringify(spec), spec] as const))('%s', (_, spec) => {
  const sized = spec.kind === 'lenet' || spec.kind === 'mlp' ? { ...size, height: 32, width: 32 } : size;

  it('gives the same logits in ONNX Runtime, and comes back bit by bit', async () => {
    const network = unwrap(buildNetwork(spec, sized));
    const values = trained(network);
    const bytes = unwrap(encodeTeacher({ network, values, metadata: { set: 'a' } }));
    const shape = [3, sized.channels, sized.height, sized.width];
    const pictures = picturesOf(shape);
    const { logits } = network.apply(input('images', shape), networkInputs(network), 'eval');
    const program = await compile(backend, { logits });
    const wanted = (await program.run({ ...values, images: pictures })).logits as Tensor;

    const session = await InferenceSession.create(bytes);
    const results = await session.run({ input: new RuntimeTensor('float32', pictures.data as Float32Array, shape) });
    expect(results.logits?.dims).toEqual([3, 4]);
    expectClose(results.logits?.data as Float32Array, wanted.data);

    const back = unwrap(decodeTeacher(bytes));
    expect(back.network.spec).toEqual(spec);
    expect(back.metadata).toEqual({ set: 'a' });
    expect(bitsOf(back.values)).toBe(bitsOf(values));

    const frozen = unwrap(readFrozenNetwork(bytes));
    const pass = unwrap(frozen.apply(input('images', shape), frozenInputs(frozen)));
    const again = await (await compile(backend, { logits: pass.logits })).run({ ...frozen.values, images: pictures });
    expectClose(again.logits?.data ?? [], wanted.data);
    const norms = network.parameters.filter(({ name }) =>
      network.buffers.some((b) => b.name === name.replace('.weight', '.running_mean')),
    );
    expect(pass.norms.map(({ name }) => name)).toEqual(norms.map(({ name }) => name.slice(0, -'.weight'.length)));
  });
});

it('writes a model as other programs write it', () => {
  const network = unwrap(buildNetwork({ kind: 'convnet', width: 4, norm: 'batch', depth: 1 }, size));
  const model = unwrap(decodeOnnx(unwrap(encodeTeacher({ network, values: trained(network) }))));
  expect(model.nodes.map(({ op }) => op)).toEqual([
    'Conv',
    'BatchNormalization',
    'Relu',
    'AveragePool',
    'Reshape',
    'Gemm',
    'Identity',
  ]);
  expect(model.inputs).toEqual([{ name: 'input', type: 1, shape: ['batch', 3, 16, 16] }]);
});

it('says why a file gives no teacher', () => {
  const network = unwrap(buildNetwork({ kind: 'convnet', width: 4, depth: 1 }, size));
  const values = trained(network);
  const [[first = '', one] = []] = Object.entries(values);
  expect(encodeTeacher({ network, values: {} })).toMatchObject({ ok: false, error: { code: 'TEACHER_VALUES' } });
  const wrong = { ...values, [first]: { ...(one as Tensor), shape: [1] } };
  expect(encodeTeacher({ network, values: wrong })).toMatchObject({ ok: false, error: { code: 'TEACHER_VALUES' } });
  const bytes = unwrap(encodeTeacher({ network, values }));
  const text = (from: string, to: string) =>
    Buffer.from(Buffer.from(bytes).toString('latin1').replace(from, to.padEnd(from.length)), 'latin1');
  const codeOf = (changed: Uint8Array) => {
    const read = decodeTeacher(changed, 'teacher.onnx');
    return read.ok ? 'none' : [read.error.code, read.error.place];
  };
  expect(codeOf(text('"convnet"', '"unknown"'))).toEqual(['TEACHER_DESCRIPTION', 'teacher.onnx']);
  expect(codeOf(text('"width":4', '"width":5'))).toEqual(['TEACHER_VALUES', 'teacher.onnx']);
  expect(codeOf(text('"depth":1', '"depth":x'))).toEqual(['TEACHER_DESCRIPTION', 'teacher.onnx']);
  expect(codeOf(text('retort.network', 'retort.nothing'))).toEqual(['TEACHER_FOREIGN', 'teacher.onnx']);
});
