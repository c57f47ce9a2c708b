/** What is refused, and that the message says operation, shapes and place. */
import { expect, it } from 'vitest';
import { input } from '../expr.ts';
import { gradient, vjp } from '../gradient.ts';
import * as op from './index.ts';
import { apply } from './table.ts';

const x = input('x', [2, 3]);
const images = input('images', [2, 3, 8, 8]);
const labels = input('labels', [2], 'int');

it.each<[name: string, build: () => unknown, message: string]>([
  ['shapes', () => op.add(x, input('y', [4])), 'add of float [2, 3] and float [4]: the shapes do not broadcast'],
  ['dtypes', () => op.mul(x, labels), 'mul of float [2, 3] and int [2]: the dtypes differ; cast first'],
  ['a fraction beside ints', () => op.mul(labels, 0.5), 'mul of int [2] and float []: the dtypes differ; cast first'],
  ['ints where floats are due', () => op.exp(labels), 'exp of int [2]: it takes float, got int'],
  ['an axis', () => op.sum(x, { axes: [2] }), 'sum of float [2, 3]: the axes [2] are not all of [2,3]'],
  ['an axis twice', () => op.sum(x, { axes: [1, -1] }), 'the axes [1,1] repeat one'],
  ['elements', () => op.reshape(x, [4, 2]), 'reshape of float [2, 3]: 6 elements do not fill [4, 2]'],
  ['a leftover that is not whole', () => op.reshape(x, [4, -1]), '6 elements do not fill [4, 1.5]'],
  ['an order', () => op.transpose(x, [0, 0]), 'transpose of float [2, 3]: [0,0] is no order of 2 axes'],
  ['a stretch', () => op.broadcastTo(x, [2]), 'it does not broadcast to [2]'],
  [
    'a slice',
    () => op.slice(x, { starts: [0, 2], sizes: [2, 2] }),
    'axis 1 has 3 elements, the slice from 2 ends at 4',
  ],
  ['joining', () => op.concat([x, input('y', [3, 3])], 1), 'the shapes differ in more than axis 1'],
  ['joining nothing', () => op.concat([], 0), 'concat of nothing: there is nothing to join'],
  ['negative padding', () => op.pad(x, { low: [-1, 0], high: [0, 0] }), 'low has to be 2 whole numbers of at least 0'],
  ['float indices', () => op.gather(x, x), 'the indices have to be int'],
  ['k', () => op.topKIndices(x, 4), 'topKIndices of float [2, 3]: k = 4 is not in 1..3'],
  ['the inner length', () => op.matmul(x, x), 'matmul of float [2, 3] and float [2, 3]: 3 columns do not meet 2 rows'],
  ['a vector as a matrix', () => op.matmul(x, input('v', [3])), 'a matrix has at least two axes'],
  ['channels', () => op.conv2d(images, input('w', [4, 1, 3, 3])), '3 channels are not 1 groups of 1'],
  [
    'a kernel too large',
    () => op.conv2d(images, input('w', [4, 3, 9, 9])),
    'a window of [9,9] does not fit into [8,8]',
  ],
  [
    'a pool padded too far',
    () => op.maxPool(images, { size: [2, 2], padding: [2, 0, 0, 0] }),
    'has to be smaller than',
  ],
  [
    'windows and gradient',
    () => op.avgPoolGrad(images, { size: [2, 2], inputSize: [8, 8] }),
    'do not meet the gradient',
  ],
  ['the largest of nothing', () => op.reduceMax(input('e', [0, 2]), { axes: [0] }), 'nothing has no largest'],
  ['eps', () => op.normalize(x, { axes: [1], eps: 0 }), 'eps has to be positive, got 0'],
  ['coordinates', () => op.gridSample(images, input('at', [3, 4, 4, 2])), 'coordinates are [2 or 1, rows, columns, 2]'],
  ['an attribute', () => apply('sum', [x], {}), 'sum of float [2, 3]: the attribute axes has to be a list of numbers'],
  ['a count of inputs', () => apply('add', [x], {}), 'add of float [2, 3]: it takes 2 inputs, got 1'],
  ['a name', () => apply('frobnicate', [x], {}), 'There is no operation frobnicate'],
  ['a gradient of many', () => gradient(x, [x]), 'A gradient is that of one float, but y is float [2, 3]'],
  ['a gradient in ints', () => gradient(op.sum(x), [labels]), 'Derivatives are those in floats, not in input of int'],
  ['a cotangent', () => vjp([x], [op.sum(x)], [x]), 'Output 0 is float [2, 3], but its cotangent is float []'],
])('refuses %s', (_, build, message) => {
  expect(build).toThrow(message);
});

it('says where the operation was called, outside tensor/', () => {
  expect(() => op.add(x, input('y', [4]))).toThrow(/\(tensor\/ops\/messages\.test\.ts:\d+\)$/);
  expect(op.softmax(x).origin).toMatch(/^tensor\/ops\/messages\.test\.ts:\d+$/);
});

it('gives derivatives the place of what they are derivatives of', () => {
  const y = op.sum(op.exp(x));
  const [slope] = gradient(y, [x]);
  expect(slope!.origin).toBe(y.origin);
});

it('builds graphs in time that grows as their nodes do, and not faster', () => {
  const seconds = (nodes: number) => {
    const before = process.cpuUsage();
    let y = x;
    for (let step = 0; step < nodes; step++) y = op.mul(y, x);
    // Of the processor, since other tests run beside.
    return process.cpuUsage(before).user / 1e6;
  };
  const least = (nodes: number) => Math.min(...[1, 2, 3].map(() => seconds(nodes)));
  least(1_000);
  // In proportion 8 times as long; by the square, 64 times.
  expect(least(16_000) / least(2_000)).toBeLessThan(24);
});
