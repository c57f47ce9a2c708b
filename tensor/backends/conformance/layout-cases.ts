/**
 * Cases of images that come out of a convolution: a backend may keep those in an order of axes of its own (TensorFlow:
 * channels last) and has to give every operation its meaning all the same. The convolution multiplies by the identity,
 * so that values stay exact.
 */
import { constant, type Expr } from '../../expr.ts';
import { type CaseInput, type OpCase, opCase } from '../../ops/cases/case.ts';
import * as op from '../../ops/index.ts';
import { floats, type Shape } from '../../tensor.ts';

const IMAGES: Shape = [2, 3, 4, 5];

function convolved(x: Expr): Expr {
  const [, channels = 1] = x.shape;
  const identity = Float32Array.from({ length: channels ** 2 }, (_, at) => (at % (channels + 1) === 0 ? 1 : 0));
  return op.conv2d(x, constant(floats(identity, [channels, channels, 1, 1])), {});
}

type Builder = (y: Expr, ...others: Expr[]) => Expr;

/** First order is enough: the adjoints of these are other operations of the list. */
function layoutCase(name: string, build: Builder, others: readonly (CaseInput | Shape)[] = [], orders: 0 | 1 = 1) {
  return opCase(`${name}, convolved`, [IMAGES, ...others], (x, ...rest) => build(convolved(x), ...rest), orders);
}

const subsets: readonly (readonly number[])[] = Array.from({ length: 15 }, (_, bits) =>
  [0, 1, 2, 3].filter((axis) => (bits + 1) & (1 << axis)),
);

const reductions: readonly OpCase[] = [
  ...subsets.flatMap((axes) => [
    layoutCase(`sum over ${axes}`, (y) => op.sum(y, { axes })),
    layoutCase(`reduceMax over ${axes}, kept`, (y) => op.reduceMax(y, { axes, keepDims: true })),
  ]),
  ...[[1], [2, 3], [0, 2, 3], [1, 2, 3], [3]].flatMap((axes) => [
    layoutCase(`normalize over ${axes}`, (y) => op.normalize(y, { axes, eps: 1e-3 })),
    layoutCase(`inverseDeviation over ${axes}`, (y) => op.inverseDeviation(y, { axes, eps: 1e-3 })),
  ]),
  ...[0, 1, 2, 3].flatMap((axis) => [
    layoutCase(`argMax over ${axis}`, (y) => op.argMax(y, axis), [], 0),
    layoutCase(`topKIndices over ${axis}`, (y) => op.topKIndices(y, 2, axis), [], 0),
    layoutCase(`cumsum over ${axis}`, (y) => op.cumsum(y, axis)),
  ]),
];

const partners: readonly Shape[] = [[], [5], [4, 1], [3, 1, 1], [1, 3, 1, 1], [2, 1, 1, 5], [2, 1, 1, 1, 1]];

const pairs: readonly OpCase[] = partners.flatMap((shape) => [
  layoutCase(`mul by [${shape}]`, (y, other) => op.mul(y, other), [shape]),
  layoutCase(`sub from [${shape}]`, (y, other) => op.sub(other, y), [shape]),
  layoutCase(`reluGrad at [${shape}]`, (y, other) => op.reluGrad(y, other), [shape]),
  layoutCase(`lt [${shape}]`, (y, other) => op.lt(y, other), [shape], 0),
  layoutCase(`select by [${shape}]`, (y, flags, other) => op.select(flags, y, other), [{ shape, dtype: 'bool' }, []]),
]);

const arrangements: readonly OpCase[] = [
  layoutCase('itself', (y) => y),
  layoutCase('reshape', (y) => op.reshape(y, [2, 15, 4])),
  layoutCase('transpose', (y) => op.transpose(y, [0, 2, 3, 1])),
  layoutCase('transpose of channels', (y) => op.transpose(y, [1, 0, 2, 3])),
  layoutCase('broadcastTo five axes', (y) => op.broadcastTo(y, [2, 2, 3, 4, 5])),
  layoutCase('broadcastTo of channels', (y) => op.broadcastTo(op.mean(y, { axes: [0, 2, 3], keepDims: true }), IMAGES)),
  layoutCase('slice', (y) => op.slice(y, { starts: [1, 0, 2, 1], sizes: [1, 2, 2, 4] })),
  layoutCase('slice with steps', (y) =>
    op.slice(y, { starts: [0, 0, 1, 0], sizes: [2, 2, 2, 3], steps: [1, 2, 2, 2] }),
  ),
  layoutCase('pad', (y) => op.pad(y, { low: [0, 1, 0, 2], high: [1, 0, 3, 0], value: 0.5 })),
  layoutCase('concat of channels', (y, other) => op.concat([other, y], 1), [[2, 1, 4, 5]]),
  layoutCase('concat of columns', (y, other) => op.concat([y, other, y], 3), [[2, 3, 4, 1]]),
  layoutCase('reverse', (y) => op.reverse(y, [1, 3])),
  layoutCase('cast', (y) => op.cast(y, 'int'), [], 0),
  layoutCase('gather of channels', (y, at) => op.gather(y, at, 1), [{ shape: [4], dtype: 'int', range: [0, 3] }]),
  layoutCase('scatterAdd of channels', (y, at) => op.scatterAdd(y, at, 1, 4), [
    { shape: [3], dtype: 'int', range: [0, 4] },
  ]),
  layoutCase('takeAlong rows', (y, at) => op.takeAlong(y, at, 2), [
    { shape: [2, 3, 2, 5], dtype: 'int', range: [0, 4] },
  ]),
  layoutCase('putAlong channels', (y, at) => op.putAlong(y, at, 1, 4), [
    { shape: IMAGES, dtype: 'int', range: [0, 4] },
  ]),
];

const POOL = { size: [2, 2], strides: [1, 2], padding: [1, 0, 0, 1] } as const;

const images: readonly OpCase[] = [
  layoutCase('matmul', (y, other) => op.matmul(y, other), [[5, 2]]),
  layoutCase('matmul of both', (y) => op.matmul(y, y, { transB: true })),
  layoutCase('conv2d', (y, w) => op.conv2d(y, w, { padding: [1, 1, 1, 1] }), [[2, 3, 3, 3]]),
  layoutCase('conv2dFilterGrad', (y, g) => op.conv2dFilterGrad(y, g, { kernelSize: [3, 2] }), [[2, 2, 2, 4]]),
  layoutCase('conv2dInputGrad', (y, w) => op.conv2dInputGrad(y, w, { inputSize: [6, 6] }), [[3, 2, 3, 2]]),
  layoutCase('avgPool', (y) => op.avgPool(y, POOL)),
  layoutCase('maxPool', (y) => op.maxPool(y, POOL)),
  layoutCase('maxPoolPick of plain values', (y, v) => op.maxPoolPick(y, v, POOL), [IMAGES]),
  layoutCase('maxPoolPick at plain maxima', (y, x) => op.maxPoolPick(x, y, POOL), [IMAGES]),
  layoutCase('gridSample', op.gridSample, [{ shape: [1, 4, 3, 2], range: [-1, 5] }]),
];

export const layoutCases: readonly OpCase[] = [...reductions, ...pairs, ...arrangements, ...images];
