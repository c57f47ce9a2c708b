/** What operations mean, on values known otherwise: by hand, from tables, or by their definition written out. */
import { expect, it } from 'vitest';
import { openReference } from '../backends/reference/backend.ts';
import { constant, type Expr } from '../expr.ts';
import { gradient } from '../gradient.ts';
import { bools, floats, ints, type Shape, sizeOf, type Tensor } from '../tensor.ts';
import * as op from './index.ts';

async function evaluated(expr: Expr): Promise<Tensor> {
  const program = await openReference().prepare({ outputs: { value: expr } });
  return (await program.run({})).value!;
}

async function numbers(expr: Expr): Promise<number[]> {
  return Array.from((await evaluated(expr)).data);
}

const f = (data: readonly number[], shape?: Shape) => constant(floats(Float64Array.from(data), shape));
const i = (data: readonly number[], shape?: Shape) => constant(ints(data, shape));
const counted = (shape: Shape) =>
  f(
    Array.from({ length: sizeOf(shape) }, (_, index) => index),
    shape,
  );

it('erf agrees with tables to float64', async () => {
  // Abramowitz and Stegun, table 7.1, and mpmath.
  const known = [
    [0, 0],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [2.4, 0.9993114861033549],
    [3, 0.9999779095030014],
    [4, 0.9999999845827421],
    [-1, -0.8427007929497149],
  ] as const;
  const found = await numbers(op.erf(f(known.map(([x]) => x))));
  for (const [place, [, y]] of known.entries()) expect(Math.abs(found[place]! - y)).toBeLessThan(2e-16 * 4);
});

it('relu and its gradient are 0 at 0; of equals min and max give to the first', async () => {
  const x = f([0, 0, 1]);
  const slopes = async (y: Expr, wrt: Expr) => numbers(gradient(op.sum(y), [wrt])[0]!);
  expect(await slopes(op.relu(x), x)).toEqual([0, 0, 1]);
  const zero = f([0, 0, 0]);
  expect(await slopes(op.max(x, zero), x)).toEqual([1, 1, 1]);
  expect(await slopes(op.max(x, zero), zero)).toEqual([0, 0, 0]);
  expect(await slopes(op.min(x, zero), zero)).toEqual([0, 0, 1]);
});

it('the first of equals is the maximum: reduceMax, reduceMin, argMax, topKIndices, maxPool', async () => {
  const x = f([1, 3, 3, 0, 3, 0], [2, 3]);
  const slopes = async (y: Expr) => numbers(gradient(op.sum(y), [x])[0]!);
  expect(await slopes(op.reduceMax(x))).toEqual([0, 1, 0, 0, 0, 0]);
  expect(await slopes(op.reduceMax(x, { axes: [1] }))).toEqual([0, 1, 0, 0, 1, 0]);
  expect(await slopes(op.reduceMin(x, { axes: [1, 0] }))).toEqual([0, 0, 0, 1, 0, 0]);
  expect(await numbers(op.argMax(x, 1))).toEqual([1, 1]);
  expect(await numbers(op.topKIndices(x, 3, 1))).toEqual([1, 2, 0, 1, 0, 2]);
  const image = op.reshape(x, [1, 1, 2, 3]);
  expect(await slopes(op.maxPool(image, { size: [2, 3] }))).toEqual([0, 1, 0, 0, 0, 0]);
});

it('casts cut towards 0, compares exactly, selects', async () => {
  expect(await numbers(op.cast(f([-1.7, 1.7, 0]), 'int'))).toEqual([-1, 1, 0]);
  expect(await numbers(op.cast(f([-0.1, 0]), 'bool'))).toEqual([1, 0]);
  expect(await numbers(op.ge(i([1, 2, 3]), 2))).toEqual([0, 1, 1]);
  expect(await numbers(op.select(constant(bools([1, 0])), 5, f([1, 2])))).toEqual([5, 2]);
});

it('arranges as NumPy does', async () => {
  const x = counted([2, 3]);
  expect(await numbers(op.transpose(x))).toEqual([0, 3, 1, 4, 2, 5]);
  expect(await numbers(op.slice(x, { starts: [0, 0], sizes: [2, 2], steps: [1, 2] }))).toEqual([0, 2, 3, 5]);
  expect(await numbers(op.pad(x, { low: [0, 1], high: [1, 0], value: 9 }))).toEqual([
    9, 0, 1, 2, 9, 3, 4, 5, 9, 9, 9, 9,
  ]);
  expect(await numbers(op.reverse(x, [1]))).toEqual([2, 1, 0, 5, 4, 3]);
  expect(await numbers(op.roll(x, 1, 1))).toEqual([2, 0, 1, 5, 3, 4]);
  expect(await numbers(op.concat([x, op.neg(x)], 1))).toEqual([0, 1, 2, -0, -1, -2, 3, 4, 5, -3, -4, -5]);
  expect(await numbers(op.cumsum(x, 1, { reverse: true }))).toEqual([3, 3, 2, 12, 9, 5]);
  expect(await numbers(op.padReflect(counted([1, 1, 1, 4]), [0, 2, 0, 1]))).toEqual([2, 1, 0, 1, 2, 3, 2]);
  expect(await numbers(op.resizeNearest(counted([1, 1, 1, 2]), 2))).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
  expect((await evaluated(op.broadcastTo(f([1, 2], [2, 1]), [3, 2, 2]))).shape).toEqual([3, 2, 2]);
});

it('reads and adds at positions', async () => {
  const x = counted([2, 3]);
  expect(await numbers(op.gather(x, i([2, 0]), 1))).toEqual([2, 0, 5, 3]);
  expect((await evaluated(op.gather(x, i([1, 0], [2, 1])))).shape).toEqual([2, 1, 3]);
  expect(await numbers(op.scatterAdd(f([1, 2, 3]), i([1, 1, 0]), 0, 3))).toEqual([3, 3, 0]);
  expect(await numbers(op.takeAlong(x, i([2, 0], [2, 1]), 1))).toEqual([2, 3]);
  expect(await numbers(op.putAlong(f([5, 7], [2, 1]), i([2, 0], [2, 1]), 1, 3))).toEqual([0, 0, 5, 7, 0, 0]);
  await expect(numbers(op.gather(x, i([3]), 1))).rejects.toThrow('Expected an index in 0..2, got 3');
  expect(await numbers(op.oneHot(i([1, 3, 0]), 3))).toEqual([0, 1, 0, 0, 0, 0, 1, 0, 0]);
});

it('multiplies matrices', async () => {
  const [a, b] = [counted([2, 3]), counted([3, 2])];
  expect(await numbers(op.matmul(a, b))).toEqual([10, 13, 28, 40]);
  expect(await numbers(op.matmul(op.transpose(a), op.transpose(b), { transA: true, transB: true }))).toEqual([
    10, 13, 28, 40,
  ]);
});

it('convolves by its definition', async () => {
  const [x, w] = [counted([2, 4, 5, 6]), counted([6, 2, 3, 2])];
  const options = { strides: [2, 1], padding: [1, 0, 2, 1], dilations: [1, 2], groups: 2 };
  const found = await evaluated(op.conv2d(x, w, options));
  const [, out, rows, columns] = found.shape as [number, number, number, number];
  expect(found.shape).toEqual([2, 6, 3, 5]);
  const pixel = (n: number, c: number, y: number, z: number) =>
    y < 0 || y >= 5 || z < 0 || z >= 6 ? 0 : ((n * 4 + c) * 5 + y) * 6 + z;
  for (const [place, value] of found.data.entries()) {
    const column = place % columns;
    const row = Math.floor(place / columns) % rows;
    const o = Math.floor(place / (columns * rows)) % out;
    const n = Math.floor(place / (columns * rows * out));
    let expected = 0;
    for (let c = 0; c < 2; c++) {
      for (let ky = 0; ky < 3; ky++) {
        for (let kx = 0; kx < 2; kx++) {
          const weight = ((o * 2 + c) * 3 + ky) * 2 + kx;
          expected += weight * pixel(n, c + (o < 3 ? 0 : 2), 2 * row + ky - 1, column + 2 * kx);
        }
      }
    }
    expect(value).toBe(expected);
  }
});

it('pools: padding counts in means and never wins', async () => {
  const x = f([-1, -2, -3, -4], [1, 1, 2, 2]);
  const options = { size: [2, 2], strides: [2, 2], padding: [1, 1, 1, 1] };
  expect(await numbers(op.avgPool(x, options))).toEqual([-0.25, -0.5, -0.75, -1]);
  expect(await numbers(op.maxPool(x, options))).toEqual([-1, -2, -3, -4]);
});

it('normalises, and stays finite where softmax would overflow', async () => {
  const normal = await numbers(op.normalize(f([1, 2, 3, 10, 10, 10], [2, 3]), { axes: [1], eps: 1e-12 }));
  expect(normal.map((x) => Number(x.toFixed(6)))).toEqual([-1.224745, 0, 1.224745, 0, 0, 0]);
  expect(await numbers(op.softmax(f([1000, 1000])))).toEqual([0.5, 0.5]);
  expect(await numbers(op.logSoftmax(f([-1000, 0])))).toEqual([-1000, 0]);
  expect(await numbers(op.logSumExp(f([1e4, 1e4])))).toEqual([1e4 + Math.log(2)]);
  expect(await numbers(op.variance(f([1, 2, 3, 4])))).toEqual([1.25]);
});

it('samples between pixels, zero outside', async () => {
  const x = counted([1, 1, 2, 3]);
  const at = f([0.5, 0.5, 1, 2, -0.5, 0, 1.25, 2.5, -2, 7], [1, 5, 1, 2]);
  expect(await numbers(op.gridSample(x, at))).toEqual([2, 5, 0, 5 * 0.75 * 0.5, 0]);
});

it('an empty batch stays empty, and sums to nothing', async () => {
  const none = f([], [0, 1, 4, 4]);
  const w = counted([2, 1, 3, 3]);
  expect((await evaluated(op.conv2d(none, w))).shape).toEqual([0, 2, 2, 2]);
  expect(await numbers(op.sum(none))).toEqual([0]);
  expect(await numbers(op.conv2dFilterGrad(none, f([], [0, 1, 2, 2]), { kernelSize: [3, 3] }))).toEqual(
    Array(9).fill(0),
  );
  expect(await numbers(op.mean(none))).toEqual([Number.NaN]);
});
