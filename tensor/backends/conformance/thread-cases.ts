/**
 * Operations large enough that native engines share their work among threads, as one graph: whether the number of threads
 * moves a bit shows by the digests of its results.
 */
import { type Expr, input } from '../../expr.ts';
import * as op from '../../ops/index.ts';
import { ints, type Shape } from '../../tensor.ts';
import type { Backend } from '../backend.ts';
import { digests, type Outputs, type Values } from './compare.ts';
import { irregular } from './training.ts';

const IMAGES: Shape = [32, 16, 28, 28];
const ROWS: Shape = [512, 784];

function operations(images: Expr, filters: Expr, rows: Expr, at: Expr, points: Expr, spread: Expr): Outputs {
  const same = { padding: [1, 1, 1, 1] };
  const strided = { padding: [1, 1, 1, 1], strides: [2, 2] };
  const convolved = op.conv2d(images, filters, same);
  const halved = op.conv2d(images, filters, strided);
  const pool = { size: [2, 2], strides: [2, 2], padding: [0, 0, 0, 0] };
  const overlapping = { size: [3, 3], strides: [2, 2], padding: [1, 1, 1, 1] };
  const column = op.reshape(rows, [512 * 784, 1]);
  return {
    exp: op.exp(rows),
    erf: op.erf(rows),
    sum: op.sum(rows),
    'sum of rows': op.sum(rows, { axes: [1] }),
    'sum of columns': op.sum(rows, { axes: [0] }),
    'sum per channel': op.sum(images, { axes: [0, 2, 3] }),
    'sum per image': op.sum(images, { axes: [1, 2, 3] }),
    'sum per channel, convolved': op.sum(convolved, { axes: [0, 2, 3] }),
    reduceMax: op.reduceMax(rows, { axes: [0] }),
    cumsum: op.cumsum(rows, 1),
    softmax: op.softmax(rows),
    logSoftmax: op.logSoftmax(rows, 0),
    matmul: op.matmul(rows, rows, { transB: true }),
    'matmul over the long axis': op.matmul(rows, rows, { transA: true }),
    'matmul to one row': op.matmul(column, column, { transA: true }),
    'matmul of a thin one': op.matmul(op.slice(rows, { starts: [0, 0], sizes: [4, 784] }), rows, { transB: true }),
    'matmul in batches': op.matmul(images, images, { transB: true }),
    conv2d: convolved,
    'conv2d, strides': halved,
    conv2dInputGrad: op.conv2dInputGrad(convolved, filters, { ...same, inputSize: [28, 28] }),
    'conv2dInputGrad, strides': op.conv2dInputGrad(halved, filters, { ...strided, inputSize: [28, 28] }),
    conv2dFilterGrad: op.conv2dFilterGrad(images, images, { ...same, kernelSize: [3, 3] }),
    'conv2dFilterGrad, strides': op.conv2dFilterGrad(images, halved, { ...strided, kernelSize: [3, 3] }),
    avgPool: op.avgPool(images, pool),
    'avgPoolGrad, overlapping': op.avgPoolGrad(op.avgPool(images, overlapping), {
      ...overlapping,
      inputSize: [28, 28],
    }),
    maxPool: op.maxPool(images, overlapping),
    maxPoolGrad: op.maxPoolGrad(images, op.maxPool(images, overlapping), overlapping),
    maxPoolPick: op.maxPoolPick(images, op.exp(images), overlapping),
    'normalize, instance': op.normalize(images, { axes: [2, 3], eps: 1e-5 }),
    'normalize, batch': op.normalize(images, { axes: [0, 2, 3], eps: 1e-5 }),
    'normalize, convolved': op.normalize(convolved, { axes: [0, 2, 3], eps: 1e-5 }),
    inverseDeviation: op.inverseDeviation(rows, { axes: [0], eps: 1e-5 }),
    gather: op.gather(rows, at),
    scatterAdd: op.scatterAdd(rows, at, 0, 10),
    putAlong: op.putAlong(rows, op.add(op.cast(op.gt(rows, 0), 'int'), 1), 1, 4),
    gridSample: op.gridSample(images, points),
    gridSampleGrad: op.gridSampleGrad(op.gridSample(images, points), points, { inputSize: [28, 28] }),
    'gridSampleGrad, many points': op.gridSampleGrad(images, spread, { inputSize: [60, 60] }),
  };
}

const feeds: Values = {
  images: irregular(IMAGES, 1, 2),
  filters: irregular([16, 16, 3, 3], 2, 0.2),
  rows: irregular(ROWS, 3, 2),
  at: ints(Array.from({ length: 512 }, (_, index) => (index * 7) % 10)),
  points: irregular([32, 12, 12, 2], 4, 28),
  spread: irregular([1, 28, 28, 2], 5, 60),
};

/** Digests by operation of `times` runs of one program. */
export async function threadDigests(backend: Backend, times: number): Promise<Readonly<Record<string, string>>[]> {
  const inputs = Object.entries(feeds).map(([name, { shape, dtype }]) => input(name, shape, dtype));
  const program = await backend.prepare({ outputs: operations(...(inputs as [Expr, Expr, Expr, Expr, Expr, Expr])) });
  const found: Readonly<Record<string, string>>[] = [];
  for (let time = 0; time < times; time++) found.push(digests(await program.run(feeds)));
  program.dispose();
  return found;
}
