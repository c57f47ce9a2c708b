/** Convolutions large enough for what small cases never reach: the blocked layout, and windows in several parts. */
import { expect, it } from 'vitest';
import { unwrap } from '../../../base/result.ts';
import { type Expr, input } from '../../expr.ts';
import { add, conv2d, conv2dFilterGrad, conv2dInputGrad, mul, relu, sub, sum } from '../../ops/index.ts';
import { floats, type Shape, sizeOf, type Tensor } from '../../tensor.ts';
import { openReference } from '../reference/backend.ts';
import { openOnnxruntime } from './backend.ts';
import { emitGraph } from './emit/graph.ts';

const backend = unwrap(await openOnnxruntime({ threads: 2 }));

function values(shape: Shape, factor: number): Tensor {
  return floats(
    Float32Array.from({ length: sizeOf(shape) }, (_, index) => Math.sin(factor * index)),
    shape,
  );
}

async function largestError(result: Expr, feeds: Readonly<Record<string, Tensor>>): Promise<number> {
  const outputs = { result };
  const wanted = await (await openReference().prepare({ outputs })).run(feeds);
  const program = await backend.prepare({ outputs });
  const found = await program.run(feeds);
  program.dispose();
  const [got, want] = [found.result as Tensor, wanted.result as Tensor];
  expect(got.shape).toEqual(want.shape);
  return Array.from(want.data).reduce((most, value, at) => Math.max(most, Math.abs(value - (got.data[at] ?? 1e9))), 0);
}

const same = { padding: [1, 1, 1, 1] };
const settings: readonly (readonly [string, { strides?: number[]; padding?: number[]; dilations?: number[] }])[] = [
  ['same', same],
  ['strides 2', { ...same, strides: [2, 2] }],
  ['dilations', { padding: [2, 2, 2, 2], dilations: [2, 2] }],
  ['uneven padding', { padding: [0, 1, 2, 0] }],
];
const w = input('w', [32, 16, 3, 3]);

it.each(settings)('in blocks: %s', async (_, options) => {
  const x = input('x', [2, 16, 7, 6]);
  const y = conv2d(x, w, options);
  const g = input('g', y.shape);
  const feeds = { x: values(x.shape, 0.7), w: values(w.shape, 1.3), g: values(g.shape, 0.9) };
  expect(await largestError(y, feeds)).toBeLessThan(1e-5);
  expect(await largestError(conv2dInputGrad(g, w, { ...options, inputSize: [7, 6] }), feeds)).toBeLessThan(1e-5);
  expect(await largestError(conv2dFilterGrad(x, g, { ...options, kernelSize: [3, 3] }), feeds)).toBeLessThan(1e-5);
});

const depthwise: readonly (readonly [
  string,
  number,
  { strides?: number[]; padding?: number[]; dilations?: number[] },
])[] = [
  ['same', 6, same],
  ['few pixels', 4, same],
  ['strides 2', 7, { ...same, strides: [2, 2] }],
  ['strides 2, few pixels', 4, { ...same, strides: [2, 2] }],
  ['dilations, uneven padding', 5, { padding: [2, 1, 0, 2], dilations: [2, 1] }],
];

it.each(depthwise)('each channel by itself: %s', async (_, side, setting) => {
  const options = { ...setting, groups: 32 };
  const [x, filters] = [input('x', [9, 32, side, side]), input('w', [32, 1, 3, 3])];
  const y = conv2d(x, filters, options);
  const g = input('g', y.shape);
  const feeds = { x: values(x.shape, 0.7), w: values(filters.shape, 1.3), g: values(g.shape, 0.9) };
  const inputSize = [side, side];
  expect(await largestError(y, feeds)).toBeLessThan(1e-5);
  expect(await largestError(conv2dInputGrad(g, filters, { ...options, inputSize }), feeds)).toBeLessThan(1e-5);
  expect(await largestError(conv2dFilterGrad(x, g, { ...options, kernelSize: [3, 3] }), feeds)).toBeLessThan(2e-5);
});

it('in blocks: with bias and ReLU', async () => {
  const x = input('x', [2, 16, 8, 8]);
  const bias = input('b', [32, 1, 1]);
  const feeds = { x: values(x.shape, 0.7), w: values(w.shape, 1.3), b: values(bias.shape, 0.4) };
  expect(await largestError(relu(add(conv2d(x, w, same), bias)), feeds)).toBeLessThan(1e-5);
});

it('inner products of the planes of images', async () => {
  const [x, y] = [input('x', [2, 3, 32, 24]), input('y', [2, 3, 32, 24])];
  const feeds = { x: values(x.shape, 0.7), y: values(y.shape, 1.3) };
  expect(await largestError(sum(mul(x, y), { axes: [2, 3] }), feeds)).toBeLessThan(1e-4);
  expect(await largestError(sum(mul(x, y), { axes: [2, 3], keepDims: true }), feeds)).toBeLessThan(1e-4);
  const { model } = emitGraph({ outputs: { result: sum(mul(x, y), { axes: [2, 3] }) } });
  expect(model.nodes.map(({ op }) => op)).not.toContain('ReduceSum');
});

it('scale, shift and ReLU of large images', async () => {
  const x = input('x', [2, 3, 8, 9]);
  const [scale, shift] = [input('s', [1, 3, 1, 1]), input('t', [3, 1, 1])];
  const feeds = { x: values(x.shape, 0.7), s: values(scale.shape, 1.3), t: values(shift.shape, 0.4) };
  const y = add(shift, mul(scale, x));
  expect(await largestError(relu(y), feeds)).toBeLessThan(1e-6);
  const { model } = emitGraph({ outputs: { y } });
  expect(model.nodes.map(({ op }) => op)).not.toContain('Mul');
});

it('a batch norm in eval mode is one pass over large images', async () => {
  const x = input('x', [2, 3, 8, 9]);
  const [center, scale, shift] = ['c', 's', 't'].map((name) => input(name, [1, 3, 1, 1])) as [Expr, Expr, Expr];
  const [c, s, t] = [values(center.shape, 0.9), values(scale.shape, 1.3), values(shift.shape, 0.4)];
  const y = add(mul(sub(x, center), scale), shift);
  expect(await largestError(relu(y), { x: values(x.shape, 0.7), c, s, t })).toBeLessThan(1e-6);
  const { model, inputs } = emitGraph({ outputs: { y } });
  const [convolution] = model.nodes.filter(({ op }) => op === 'Conv');
  expect(convolution?.inputs[0]).toBe(inputs.x?.value);
});

it('a filter gradient whose windows go in parts', async () => {
  const [x, g] = [input('x', [70, 32, 32, 32]), input('g', [70, 1, 32, 32])];
  const feeds = { x: values(x.shape, 0.7), g: values(g.shape, 0.9) };
  const slope = conv2dFilterGrad(x, g, { ...same, kernelSize: [3, 3] });
  expect(emitGraph({ outputs: { slope } }).model.nodes.map(({ op }) => op)).toContain('Split');
  expect(await largestError(slope, feeds)).toBeLessThan(0.02);
});

it.each([
  ['by a convolution', 9, 10],
  ['by a product', 7, 9],
])('windows of any kind, laid out %s', async (_, height, width) => {
  const attributes = { strides: [2, 1], padding: [1, 0, 2, 3], dilations: [1, 2], groups: 2 } as const;
  const images = input('x', [2, 4, height, width]);
  const g = conv2d(images, input('v', [6, 2, 3, 2]), attributes).shape;
  const feeds = { x: values(images.shape, 0.7), g: values(g, 0.9) };
  const slope = conv2dFilterGrad(images, input('g', g), { ...attributes, kernelSize: [3, 2] });
  const ops = emitGraph({ outputs: { slope } }).model.nodes.map(({ op }) => op);
  expect(ops.includes('Conv')).toBe(height * width > 64);
  expect(await largestError(slope, feeds)).toBeLessThan(1e-5);
});

it('a filter gradient of few places and many channels, all images in one product', async () => {
  const [x, g] = [input('x', [3, 24, 2, 2]), input('g', [3, 40, 2, 2])];
  const feeds = { x: values(x.shape, 0.7), g: values(g.shape, 0.9) };
  const slope = conv2dFilterGrad(x, g, { ...same, kernelSize: [3, 3] });
  const ops = emitGraph({ outputs: { slope } }).model.nodes.map(({ op }) => op);
  expect(ops).toContain('Gemm');
  expect(ops).not.toContain('ReduceSum');
  expect(await largestError(slope, feeds)).toBeLessThan(1e-5);
});

it('few results of many channels, by taps', async () => {
  const [x, v, u] = [input('x', [2, 40, 9, 8]), input('v', [3, 40, 3, 3]), input('u', [40, 3, 3, 3])];
  const feeds = { x: values(x.shape, 0.7), v: values(v.shape, 1.3), u: values(u.shape, 1.1) };
  for (const padding of [
    [1, 1, 1, 1],
    [0, 1, 2, 0],
  ]) {
    const y = conv2d(x, v, { padding });
    expect(emitGraph({ outputs: { y } }).model.nodes.filter(({ op }) => op === 'Conv')).toHaveLength(2);
    expect(await largestError(y, feeds)).toBeLessThan(1e-5);
    const [top = 0, left = 0, bottom = 0, right = 0] = padding;
    const inputSize = [11 - top - bottom, 10 - left - right];
    const slope = conv2dInputGrad(x, u, { padding, inputSize });
    expect(await largestError(slope, feeds)).toBeLessThan(1e-5);
  }
});

it('uses the blocked layout where the processor has one', async () => {
  const outputs = { y: conv2d(input('x', [2, 16, 8, 8]), w, same) };
  const ops = (block?: number) => emitGraph({ outputs }, block).model.nodes.map(({ op }) => op);
  expect(ops(8)).toContain('ReorderInput');
  expect(ops()).not.toContain('ReorderInput');
});
