/**
 * Where a definition has a corner: kinks at exactly 0, equals among which the first counts, points exactly on pixels,
 * values that are not finite (a training that diverges has to be seen to), and sizes at which a backend changes its
 * algorithm.
 */
import * as op from '../../ops/index.ts';
import { floats } from '../../tensor.ts';
import { type GraphCase, graphCase } from './graph-case.ts';

const { POSITIVE_INFINITY: INFINITY, NaN: NOTHING } = Number;
const zeros = floats([0, -0, 1, -1, 1e-30, -1e-30, 3e38, -3e38]);
const wild = floats([INFINITY, -INFINITY, NOTHING, 0, 2, -2]);
const equals = floats([1, 3, 3, 2, 3, 1, 1, 1, 0, -1, -1, 0], [3, 4]);
const plateaus = floats(
  Array.from({ length: 50 }, (_, index) => (index * 7) % 3),
  [1, 2, 5, 5],
);

/** Every whole, half and outer point of a 3×3 image, in rows and columns. */
const grid = floats(
  [-1.5, -1, -0.5, 0, 0.5, 1, 2, 2.5, 3].flatMap((row) => [-1, 0, 0.25, 1, 2, 3].flatMap((column) => [row, column])),
  [1, 9, 6, 2],
);
const picture = floats(
  Array.from({ length: 18 }, (_, index) => (index * 5) % 7),
  [1, 2, 3, 3],
);

/** 1,024 points in an image of 64×64 are above the size up to which a matrix of all weights is built. */
const farPoints = floats(
  Array.from({ length: 2048 }, (_, index) => ((index * 37) % 1409) / 21.7 - 0.9),
  [1, 32, 32, 2],
);
const largePicture = floats(
  Array.from({ length: 2 * 4096 }, (_, index) => ((index * 31) % 101) / 50 - 1),
  [2, 1, 64, 64],
);
const manyGradients = floats(
  Array.from({ length: 2048 }, (_, index) => ((index * 13) % 29) / 15 - 1),
  [2, 1, 32, 32],
);

const POOL = { size: [3, 3], strides: [1, 2], padding: [1, 1, 1, 1] } as const;

export const edgeCases: readonly GraphCase[] = [
  graphCase(
    'kinks at zero',
    [zeros],
    (x) => ({ relu: op.relu(x), abs: op.abs(x), sign: op.sign(x), floor: op.floor(x), reluGrad: op.reluGrad(x, x) }),
    ['relu', 'abs', 'sign', 'floor'],
  ),
  graphCase(
    'equal operands',
    [floats([1, 2, 3]), floats([1, 3, 2])],
    (a, b) => ({ max: op.max(a, b), min: op.min(a, b), eq: op.eq(a, b), ge: op.ge(a, b), lt: op.lt(a, b) }),
    ['max', 'min'],
  ),
  graphCase(
    'first of equals',
    [equals],
    (x) => ({
      rows: op.argMax(x, 1),
      columns: op.argMax(x, 0),
      best: op.topKIndices(x, 4, 1),
      tallest: op.topKIndices(x, 2, 0),
      max: op.reduceMax(x, { axes: [1] }),
      least: op.reduceMin(x, { axes: [0] }),
    }),
    ['max', 'least'],
  ),
  graphCase(
    'first of equal pixels',
    [plateaus],
    (x) => ({ max: op.maxPool(x, POOL), pick: op.maxPoolPick(x, op.mul(x, x), POOL) }),
    ['max', 'pick'],
  ),
  graphCase('values that are not finite', [wild], (x) => ({
    add: op.add(x, 1),
    twice: op.mul(x, 2),
    none: op.mul(x, 0),
    exp: op.exp(x),
    sigmoid: op.sigmoid(x),
    tanh: op.tanh(x),
    relu: op.relu(x),
    abs: op.abs(x),
    sqrt: op.sqrt(op.square(x)),
    root: op.sqrt(x),
    log: op.log(x),
    over: op.div(1, x),
    total: op.sum(x),
    total2: op.sum(op.slice(x, { starts: [2], sizes: [4] })),
    max: op.max(x, 1),
    min: op.min(x, 1),
    below: op.lt(x, 0),
    same: op.eq(x, x),
    other: op.ne(x, x),
    normal: op.normalize(x, { axes: [0], eps: 1e-5 }),
    lost: op.select(op.gt(x, 0), x, 0),
    product: op.matmul(op.reshape(x, [2, 3]), op.reshape(x, [3, 2])),
  })),
  graphCase('points on pixels', [picture, grid], (x, at) => ({
    sampled: op.gridSample(x, at),
    spread: op.gridSampleGrad(op.gridSample(x, at), at, { inputSize: [3, 3] }),
  })),
  {
    ...graphCase('many points', [largePicture, farPoints, manyGradients], (x, at, g) => ({
      sampled: op.gridSample(x, at),
      spread: op.gridSampleGrad(g, at, { inputSize: [64, 64] }),
    })),
    // ONNX wants coordinates within ±1: those of 64 pixels keep 4e-6 of a pixel.
    tolerance: 1e-5,
  },
];
