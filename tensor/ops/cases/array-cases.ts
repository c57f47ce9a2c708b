/** Cases of reductions, arrangements, indexing and matrix products. */
import * as op from '../index.ts';
import { type CaseInput, type OpCase, opCase } from './case.ts';

const reductions: readonly OpCase[] = [
  opCase('sum', [[2, 3]], (x) => op.sum(x)),
  opCase('sum over the middle', [[2, 3, 1, 2]], (x) => op.sum(x, { axes: [1, 2] })),
  opCase('sum per channel', [[2, 3, 2, 2]], (x) => op.sum(x, { axes: [0, 2, 3], keepDims: true })),
  opCase('sum over no axis', [[2, 3]], (x) => op.sum(x, { axes: [] })),
  opCase('sum over nothing', [[0, 3]], (x) => op.sum(x, { axes: [0] })),
  opCase('sum of ints', [{ shape: [5, 2], dtype: 'int', range: [-3, 4] }], (x) => op.sum(x, { axes: [0] }), 0),
  opCase('reduceMax', [[3, 5]], (x) => op.reduceMax(x, { axes: [1] })),
  opCase('reduceMax over outer axes', [[3, 2, 3]], (x) => op.reduceMax(x, { axes: [0, 2], keepDims: true })),
  opCase('reduceMax of all', [[3, 1, 3]], (x) => op.reduceMax(x)),
  opCase('reduceMin', [[3, 5]], (x) => op.reduceMin(x, { axes: [0] })),
  opCase('reduceMin of rows, none', [[0, 3]], (x) => op.reduceMin(x, { axes: [1] })),
  opCase('argMax', [[3, 4, 2]], (x) => op.argMax(x, 1), 0),
  opCase('argMax of equals', [{ shape: [12], dtype: 'int', range: [0, 3] }], (x) => op.argMax(x), 0),
  opCase('topKIndices', [[3, 5]], (x) => op.topKIndices(x, 3), 0),
  opCase('topKIndices of columns', [[5, 2]], (x) => op.topKIndices(x, 2, 0), 0),
  opCase('cumsum', [[3, 4]], (x) => op.cumsum(x, 1)),
  opCase('cumsum backwards', [[3, 4]], (x) => op.cumsum(x, 0, { reverse: true })),
];

const arrangements: readonly OpCase[] = [
  opCase('reshape', [[2, 3, 1]], (x) => op.reshape(x, [3, -1])),
  opCase('reshape of nothing', [[0, 4]], (x) => op.reshape(x, [0, 2, 2])),
  opCase('transpose', [[2, 3, 1, 4]], (x) => op.transpose(x, [2, 0, 3, 1])),
  opCase('transpose of a matrix', [[2, 5]], (x) => op.transpose(x)),
  opCase('broadcastTo', [[3, 1]], (x) => op.broadcastTo(x, [2, 3, 4])),
  opCase('broadcastTo of a scalar', [[]], (x) => op.broadcastTo(x, [2, 1])),
  opCase('slice', [[4, 5]], (x) => op.slice(x, { starts: [1, 0], sizes: [2, 5] })),
  opCase('slice with steps', [[7, 6]], (x) => op.slice(x, { starts: [1, 1], sizes: [3, 2], steps: [2, 3] })),
  opCase('slice with steps up to the end', [[6]], (x) => op.slice(x, { starts: [1], sizes: [3], steps: [2] })),
  opCase('slice of nothing', [[3, 2]], (x) => op.slice(x, { starts: [3, 0], sizes: [0, 2] })),
  opCase('pad', [[2, 3]], (x) => op.pad(x, { low: [1, 0], high: [0, 2] })),
  opCase('pad with a value', [[2, 1]], (x) => op.pad(x, { low: [0, 1], high: [1, 0], value: 0.5 })),
  opCase(
    'pad of ints',
    [{ shape: [3], dtype: 'int', range: [0, 5] }],
    (x) => op.pad(x, { low: [1], high: [1], value: 7 }),
    0,
  ),
  opCase(
    'concat',
    [
      [2, 3],
      [2, 1],
      [2, 2],
    ],
    (a, b, c) => op.concat([a, b, c], 1),
  ),
  opCase(
    'concat with nothing',
    [
      [0, 3],
      [2, 3],
    ],
    (a, b) => op.concat([a, b], 0),
  ),
  opCase('concat of one with itself', [[2, 3]], (a) => op.concat([a, a], 0)),
  opCase('reverse', [[3, 1, 4]], (x) => op.reverse(x, [0, 2])),
  opCase(
    'stack',
    [
      [2, 3],
      [2, 3],
    ],
    (a, b) => op.stack([a, b], -1),
  ),
  opCase('roll', [[3, 5]], (x) => op.roll(x, 2, 1)),
  opCase('roll backwards', [[3, 5]], (x) => op.roll(x, -1, 0)),
  opCase('padReflect', [[1, 2, 4, 3]], (x) => op.padReflect(x, [1, 2, 2, 0])),
  opCase('padConstant', [[1, 1, 2, 3]], (x) => op.padConstant(x, [1, 0, 0, 2], 1)),
  opCase('resizeNearest', [[1, 2, 2, 3]], (x) => op.resizeNearest(x, 2)),
  opCase('split', [[2, 5]], (x) => op.mul(...(op.split(x, [2, 2, 1], 1).slice(0, 2) as [typeof x, typeof x]))),
];

const places = (shape: readonly number[], length: number): CaseInput => ({ shape, dtype: 'int', range: [0, length] });

const indexing: readonly OpCase[] = [
  opCase('gather', [[4, 3], places([5], 4)], (x, i) => op.gather(x, i)),
  opCase('gather at a table of places', [[2, 4, 3], places([2, 3], 4)], (x, i) => op.gather(x, i, 1)),
  opCase('gather at one place', [[3, 4], places([], 4)], (x, i) => op.gather(x, i, 1)),
  opCase('gather of nothing', [[3, 2], places([0], 3)], (x, i) => op.gather(x, i)),
  opCase('scatterAdd', [[5, 3], places([5], 4)], (u, i) => op.scatterAdd(u, i, 0, 4)),
  opCase('scatterAdd at a table of places', [[2, 2, 3, 3], places([2, 3], 4)], (u, i) => op.scatterAdd(u, i, 1, 4)),
  opCase('scatterAdd of nothing', [[0, 3], places([0], 2)], (u, i) => op.scatterAdd(u, i, 0, 2)),
  opCase('takeAlong', [[3, 4], places([3, 2], 4)], (x, i) => op.takeAlong(x, i, 1)),
  opCase('takeAlong the first axis', [[3, 2], places([5, 2], 3)], (x, i) => op.takeAlong(x, i, 0)),
  opCase('putAlong', [[3, 2], places([3, 2], 4)], (u, i) => op.putAlong(u, i, 1, 4)),
  opCase('oneHot', [places([5], 3)], (labels) => op.oneHot(labels, 3), 0),
];

const matrices: readonly OpCase[] = [
  opCase(
    'matmul',
    [
      [2, 3],
      [3, 5],
    ],
    (a, b) => op.matmul(a, b),
  ),
  opCase(
    'matmul, A turned',
    [
      [3, 2],
      [3, 5],
    ],
    (a, b) => op.matmul(a, b, { transA: true }),
  ),
  opCase(
    'matmul, B turned',
    [
      [2, 3],
      [5, 3],
    ],
    (a, b) => op.matmul(a, b, { transB: true }),
  ),
  opCase(
    'matmul, both turned',
    [
      [3, 2],
      [5, 3],
    ],
    (a, b) => op.matmul(a, b, { transA: true, transB: true }),
  ),
  opCase(
    'matmul in batches',
    [
      [3, 2, 3],
      [3, 3, 1],
    ],
    (a, b) => op.matmul(a, b),
  ),
  opCase(
    'matmul of a batch by one matrix',
    [
      [2, 2, 3],
      [3, 2],
    ],
    (a, b) => op.matmul(a, b),
  ),
  opCase(
    'matmul of a batch by one matrix, turned',
    [
      [2, 2, 3],
      [2, 3],
    ],
    (a, b) => op.matmul(a, b, { transB: true }),
  ),
  opCase(
    'matmul of one matrix by a batch',
    [
      [2, 3],
      [2, 3, 2],
    ],
    (a, b) => op.matmul(a, b),
  ),
  opCase(
    'matmul, batches stretched, both turned',
    [
      [2, 1, 3, 2],
      [3, 1, 3],
    ],
    (a, b) => op.matmul(a, b, { transA: true, transB: true }),
  ),
  opCase(
    'matmul of no rows',
    [
      [0, 3],
      [3, 2],
    ],
    (a, b) => op.matmul(a, b),
  ),
];

const statistics: readonly OpCase[] = [
  opCase('mean', [[2, 3, 2]], (x) => op.mean(x, { axes: [-1], keepDims: true })),
  opCase('variance', [[4, 3]], (x) => op.variance(x, { axes: [0] })),
  opCase('softmax', [[3, 4]], (x) => op.softmax(x)),
  opCase('softmax over the first axis', [[3, 1, 2]], (x) => op.softmax(x, 0)),
  opCase('logSoftmax', [{ shape: [2, 5], range: [-9, 9] }], (x) => op.logSoftmax(x)),
  opCase('logSumExp', [[2, 3, 2]], (x) => op.logSumExp(x, { axes: [1, 2] })),
  opCase('norm', [[2, 3]], (x) => op.norm(x, { axes: [1] })),
];

export const arrayCases: readonly OpCase[] = [...reductions, ...arrangements, ...indexing, ...matrices, ...statistics];
