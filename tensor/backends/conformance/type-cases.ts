/**
 * Whole numbers and flags through every operation that takes them. Engines lack kernels for some of these and a detour
 * over float32 would lose whole numbers beyond 2^24: large ones have to come out exact.
 */
import * as op from '../../ops/index.ts';
import { bools, ints, type Shape } from '../../tensor.ts';
import { type GraphCase, graphCase } from './graph-case.ts';

const LARGE = 2 ** 24;
const SHAPE: Shape = [2, 3, 4];
const wholes = ints(
  Array.from({ length: 24 }, (_, index) => ((index * 7) % 24) + LARGE + 1),
  SHAPE,
);
const others = ints(
  Array.from({ length: 24 }, (_, index) => ((index * 5) % 24) - LARGE - 3),
  SHAPE,
);
const small = ints([3, -2, 3, 0], [4]);
const flags = bools(
  Array.from({ length: 24 }, (_, index) => (index % 5 < 2 ? 1 : 0)),
  SHAPE,
);
const row = bools([1, 0, 0, 1], [4]);
const places = ints([2, 0, 2], [3]);
const table = ints(
  Array.from({ length: 16 }, (_, index) => (index * 5) % 3),
  [2, 2, 4],
);

export const typeCases: readonly GraphCase[] = [
  graphCase('arithmetic of whole numbers', [wholes, others, small], (a, b, c) => ({
    add: op.add(a, b),
    sub: op.sub(a, c),
    mul: op.mul(c, b),
    eq: op.eq(a, op.sub(a, 0)),
    ne: op.ne(a, op.add(a, op.cast(op.gt(c, 0), 'int'))),
    lt: op.lt(b, op.add(b, c)),
    select: op.select(op.ge(c, 1), a, b),
    toFloat: op.cast(a, 'float'),
    toBool: op.cast(c, 'bool'),
  })),
  graphCase('reductions of whole numbers', [wholes, others, places], (a, b) => ({
    sum: op.sum(b, { axes: [0, 2] }),
    max: op.reduceMax(a, { axes: [1], keepDims: true }),
    min: op.reduceMin(b),
    argMax: op.argMax(b, 1),
    best: op.topKIndices(a, 3, 2),
    best2: op.topKIndices(b, 2, 0),
    cumsum: op.cumsum(op.sub(a, LARGE), 2),
    cumsum2: op.cumsum(op.sub(a, LARGE), 0, { reverse: true }),
  })),
  ...(
    [
      ['whole numbers', wholes],
      ['flags', flags],
    ] as const
  ).map(([name, tensor]) =>
    graphCase(`arrangements of ${name}`, [tensor, places, table], (x, at, along) => ({
      same: x,
      reshape: op.reshape(x, [4, -1]),
      transpose: op.transpose(x, [2, 0, 1]),
      broadcastTo: op.broadcastTo(x, [2, 2, 3, 4]),
      slice: op.slice(x, { starts: [0, 1, 1], sizes: [2, 2, 3] }),
      steps: op.slice(x, { starts: [0, 0, 1], sizes: [1, 2, 2], steps: [1, 2, 2] }),
      pad: op.pad(x, { low: [0, 1, 0], high: [1, 0, 2], value: 1 }),
      concat: op.concat([x, x, op.reverse(x, [2])], 1),
      gather: op.gather(x, at, 1),
      takeAlong: op.takeAlong(x, along, 1),
    })),
  ),
  graphCase('scatters of whole numbers', [wholes, places, table], (x, at, along) => ({
    scatterAdd: op.scatterAdd(op.sub(x, LARGE), at, 1, 4),
    putAlong: op.putAlong(op.slice(x, { starts: [0, 0, 0], sizes: [2, 2, 4] }), along, 1, 3),
  })),
  graphCase('logic', [flags, row], (a, b) => ({
    and: op.and(a, b),
    or: op.or(a, b),
    not: op.not(a),
    eq: op.eq(a, b),
    ne: op.ne(a, b),
    select: op.select(b, a, op.not(a)),
    toInt: op.cast(a, 'int'),
    toFloat: op.cast(a, 'float'),
  })),
];
