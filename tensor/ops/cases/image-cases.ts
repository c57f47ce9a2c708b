/** Cases of convolution, pooling, normalisation and sampling. */
import type { Expr } from '../../expr.ts';
import * as op from '../index.ts';
import { type OpCase, opCase } from './case.ts';

interface Setting {
  readonly name: string;
  readonly x: readonly number[];
  readonly w: readonly number[];
  /** Rows and columns of windows. */
  readonly g: readonly [number, number];
  readonly options: Parameters<typeof op.conv2d>[2];
}

const settings: readonly Setting[] = [
  { name: 'plain', x: [2, 3, 4, 5], w: [2, 3, 3, 2], g: [2, 4], options: {} },
  { name: 'same', x: [1, 2, 3, 4], w: [3, 2, 3, 3], g: [3, 4], options: { padding: [1, 1, 1, 1] } },
  { name: '1×1', x: [2, 3, 2, 1], w: [2, 3, 1, 1], g: [2, 1], options: {} },
  { name: 'strides 2, rest unseen', x: [1, 2, 6, 6], w: [2, 2, 3, 3], g: [2, 2], options: { strides: [2, 2] } },
  {
    name: 'strides 2 and 3, uneven padding',
    x: [2, 1, 5, 7],
    w: [2, 1, 2, 3],
    g: [3, 3],
    options: { strides: [2, 3], padding: [1, 0, 0, 2] },
  },
  {
    name: 'dilations',
    x: [1, 2, 6, 5],
    w: [1, 2, 3, 2],
    g: [4, 4],
    options: { dilations: [2, 3], padding: [1, 1, 1, 1] },
  },
  { name: 'groups', x: [2, 4, 3, 3], w: [6, 2, 2, 2], g: [2, 2], options: { groups: 2 } },
  {
    name: 'depthwise, strides 2',
    x: [1, 3, 5, 4],
    w: [3, 1, 3, 3],
    g: [3, 2],
    options: { groups: 3, strides: [2, 2], padding: [1, 1, 1, 1] },
  },
  {
    name: 'depthwise, two filters a channel',
    x: [2, 3, 4, 3],
    w: [6, 1, 3, 3],
    g: [4, 3],
    options: { groups: 3, padding: [1, 1, 1, 1] },
  },
  {
    name: 'depthwise, dilations',
    x: [1, 2, 5, 4],
    w: [2, 1, 2, 2],
    g: [3, 3],
    options: { groups: 2, dilations: [2, 1] },
  },
  {
    name: 'padding beyond the kernel',
    x: [1, 1, 2, 2],
    w: [1, 1, 1, 2],
    g: [4, 5],
    options: { padding: [1, 2, 1, 2] },
  },
  { name: 'no images', x: [0, 2, 3, 3], w: [2, 2, 3, 3], g: [1, 1], options: {} },
];

const convolutions: readonly OpCase[] = settings.flatMap(({ name, x, w, g, options }) => {
  const gradient = [x[0] ?? 0, w[0] ?? 0, ...g];
  const inputSize = x.slice(2);
  const kernelSize = w.slice(2);
  return [
    opCase(`conv2d, ${name}`, [x, w], (a, b) => op.conv2d(a, b, options)),
    opCase(`conv2dInputGrad, ${name}`, [gradient, w], (a, b) => op.conv2dInputGrad(a, b, { ...options, inputSize })),
    opCase(`conv2dFilterGrad, ${name}`, [x, gradient], (a, b) => op.conv2dFilterGrad(a, b, { ...options, kernelSize })),
  ];
});

const pools = [
  { name: '2×2', x: [2, 3, 4, 4], g: [2, 2], options: { size: [2, 2] } },
  { name: 'rest unseen', x: [1, 2, 5, 3], g: [2, 1], options: { size: [2, 2] } },
  {
    name: 'overlapping, padded',
    x: [1, 2, 5, 6],
    g: [3, 3],
    options: { size: [3, 3], strides: [2, 2], padding: [1, 1, 1, 1] },
  },
  {
    name: 'uneven',
    x: [2, 1, 4, 5],
    g: [4, 2],
    options: { size: [2, 3], strides: [1, 2], padding: [1, 0, 0, 1] },
  },
  { name: 'the whole image', x: [2, 2, 3, 1], g: [1, 1], options: { size: [3, 1] } },
  { name: 'no images', x: [0, 1, 4, 4], g: [2, 2], options: { size: [2, 2] } },
] as const;

const pooling: readonly OpCase[] = pools.flatMap(({ name, x, g, options }) => {
  const pooled = [...x.slice(0, 2), ...g];
  const inputSize = x.slice(2);
  return [
    opCase(`avgPool, ${name}`, [x], (a) => op.avgPool(a, options)),
    opCase(`avgPoolGrad, ${name}`, [pooled], (a) => op.avgPoolGrad(a, { ...options, inputSize })),
    opCase(`maxPool, ${name}`, [x], (a) => op.maxPool(a, options)),
    opCase(`maxPoolGrad, ${name}`, [x, pooled], (a, b) => op.maxPoolGrad(a, b, options)),
    opCase(`maxPoolPick, ${name}`, [x, x], (a, b) => op.maxPoolPick(a, b, options)),
  ];
});

const normalisation: readonly OpCase[] = [
  opCase('normalize, instance', [[2, 3, 3, 2]], (x) => op.normalize(x, { axes: [2, 3], eps: 1e-5 })),
  opCase('normalize, batch', [[3, 2, 2, 1]], (x) => op.normalize(x, { axes: [0, 2, 3], eps: 1e-5 })),
  opCase('normalize, layer', [[2, 2, 3, 1]], (x) => op.normalize(x, { axes: [1, 2, 3], eps: 1e-5 })),
  opCase('normalize, features', [[2, 1, 5]], (x) => op.normalize(x, { axes: [-1], eps: 0.1 })),
  opCase('normalize, rows of one', [[3, 1]], (x) => op.normalize(x, { axes: [1], eps: 0.5 })),
  opCase('inverseDeviation, instance', [[2, 3, 3, 2]], (x) => op.inverseDeviation(x, { axes: [2, 3], eps: 1e-5 })),
  opCase('inverseDeviation, batch', [[3, 2, 2, 1]], (x) => op.inverseDeviation(x, { axes: [0, 2, 3], eps: 0.1 })),
  opCase('normalize, no images', [[0, 2, 3, 3]], (x) => op.normalize(x, { axes: [2, 3], eps: 1e-5 })),
];

/** Coordinates of 24 numbers over a whole span keep away from whole pixels, where the slope jumps. */
const beyond = [-1, 5] as const;

const sampling: readonly OpCase[] = [
  opCase('gridSample', [[2, 2, 4, 3], { shape: [2, 2, 3, 2], range: beyond }], op.gridSample),
  opCase('gridSample, shared points', [[2, 1, 4, 4], { shape: [1, 4, 3, 2], range: beyond }], op.gridSample),
  opCase('gridSample of one pixel', [[1, 1, 1, 1], { shape: [1, 2, 1, 2], range: [-0.9, 0.9] }], op.gridSample),
  opCase('gridSampleGrad', [[2, 2, 2, 3], { shape: [2, 2, 3, 2], range: beyond }], (g, at) =>
    op.gridSampleGrad(g, at, { inputSize: [4, 3] }),
  ),
  opCase('gridSampleGrad, shared points', [[2, 1, 4, 3], { shape: [1, 4, 3, 2], range: beyond }], (g, at) =>
    op.gridSampleGrad(g, at, { inputSize: [4, 4] }),
  ),
];

const resizing: readonly OpCase[] = [
  opCase('resizeBilinear, up', [[2, 1, 2, 3]], (x) => op.resizeBilinear(x, [5, 4])),
  opCase('resizeBilinear, down', [[1, 2, 7, 5]], (x) => op.resizeBilinear(x, [3, 2])),
  opCase('resizeBilinear, one axis', [[1, 1, 3, 1]], (x) => op.resizeBilinear(x, [3, 4])),
  opCase('resizeBilinear, antialiased', [[1, 2, 7, 3]], (x) => op.resizeBilinear(x, [3, 5], { antialias: true })),
  opCase('resizeBilinear, no images', [[0, 1, 4, 4]], (x) => op.resizeBilinear(x, [2, 3])),
  opCase('resizeNearest, a size', [[1, 2, 3, 5]], (x) => op.resizeNearest(x, [5, 2])),
];

/** Corners that keep boxes on the map, low ones before high ones. */
const cornersOf = (low: Expr, high: Expr) => op.concat([low, high], 1);
const lowCorners = { shape: [3, 2], range: [-0.6, 1.4] } as const;
const highCorners = { shape: [3, 2], range: [2.1, 4.3] } as const;

const regions: readonly OpCase[] = [
  opCase('roiAlign', [[3, 2, 4, 5], lowCorners, highCorners], (x, low, high) =>
    op.roiAlign(x, cornersOf(low, high), { size: [1, 1] }),
  ),
  opCase('roiAlign, aligned bins', [[3, 1, 5, 4], lowCorners, highCorners], (x, low, high) =>
    op.roiAlign(x, cornersOf(low, high), { size: [2, 3], samplingRatio: 2, spatialScale: 0.9, aligned: true }),
  ),
  opCase(
    'roiAlign, boxes of chosen maps',
    [[2, 1, 3, 3], lowCorners, highCorners, { shape: [3], dtype: 'int', range: [0, 2] }],
    (x, low, high, maps) => op.roiAlign(x, cornersOf(low, high), { size: [2, 1], maps }),
  ),
];

const none: readonly OpCase[] = [
  opCase('roiAlign, no boxes', [[0, 2, 3, 3], { shape: [0, 4] }], (x, boxes) =>
    op.roiAlign(x, boxes, { size: [2, 2] }),
  ),
];

export const imageCases: readonly OpCase[] = [
  ...convolutions,
  ...pooling,
  ...normalisation,
  ...sampling,
  ...resizing,
  ...regions,
  ...none,
];
