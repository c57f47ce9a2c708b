/**
 * A 3x3 convolution of stride 1 by Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray, CVPR 2016, "Fast Algorithms
 * for Convolutional Neural Networks"): on tiles of 4x4 results 36 products stand for 144.
 *
 *   Y = Aᵀ [ (G w Gᵀ) ⊙ (Bᵀ d B) ] A,  d the 6x6 patch of a tile, ⊙ summed over channels: a matrix product for each of 36
 *
 * Tiles of an axis and their transform are one matrix for that axis, zeros outside of the image included. Each of the
 * five products leaves its result in the order in which the next reads it, so that as a rule nothing is transposed.
 */
import type { Backend } from '../tensor/backends/backend.ts';
import { constant, type Expr, input } from '../tensor/expr.ts';
import { gradient } from '../tensor/gradient.ts';
import { conv2d, matmul, mul, reshape, sum, transpose } from '../tensor/ops/index.ts';
import { floats, type Shape } from '../tensor/tensor.ts';
import { type Convolve, imageExtents } from './layers.ts';

const PATCH = 6;
const TILE = 4;
const KERNEL = 3;
/** Bᵀ [6, 6], G [6, 3], Aᵀ [4, 6] */
const OF_IMAGES = [
  [4, 0, -5, 0, 1, 0],
  [0, -4, -4, 1, 1, 0],
  [0, 4, -4, -1, 1, 0],
  [0, -2, -1, 2, 1, 0],
  [0, 2, -1, -2, 1, 0],
  [0, 4, 0, -5, 0, 1],
];
const OF_FILTERS = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
];
const OF_RESULTS = [
  [1, 1, 1, 1, 1, 0],
  [0, 1, -1, 2, -2, 0],
  [0, 1, 1, 4, 4, 0],
  [0, 1, -1, 8, -8, 1],
];

/** `images` [N, C, H, W], `filters` [O, C, 3, 3], one row and column of zeros around the images → [N, O, H, W]. */
export function winogradConvolution(images: Expr, filters: Expr): Expr {
  const { count, channels, height, width } = imageExtents(images);
  const [out = 0] = filters.shape;
  const [tall, wide] = [Math.ceil(height / TILE), Math.ceil(width / TILE)];
  const columns = matmul(patches(width), reshape(images, [count * channels * height, width]), { transB: true });
  const both = matmul(patches(height), reshape(columns, [PATCH * wide * count * channels, height]), { transB: true });
  // Of constant filters backends take this when the program is made.
  const kernels = matmul(ofFilters(), reshape(filters, [out * channels, KERNEL ** 2]), { transB: true });
  const products = productsOf(both, kernels, { tall, row: wide * count, channels, out });
  const rows = matmul(reshape(products, [PATCH * tall, PATCH * wide * count * out]), results(height), { transA: true });
  const whole = matmul(reshape(rows, [PATCH * wide, count * out * height]), results(width), { transA: true });
  return reshape(whole, [count, out, height, width]);
}

/** Backends lay filters out anew for every product: large ones of few rows took up to half of the time. */
const FEW_ROWS = 64;
const LARGE_FILTERS = 2 ** 16;

interface Products {
  /** Rows of tiles, and tiles of one row of all images. */
  readonly tall: number;
  readonly row: number;
  readonly channels: number;
  readonly out: number;
}

/** [6, tall, 6, row, C] and [6, 6, O, C] → [6, tall, 6, row, O]: a product for each row of tiles, or for all of them. */
function productsOf(patches: Expr, kernels: Expr, { tall, row, channels, out }: Products): Expr {
  if (tall === 1 || row > FEW_ROWS || out * channels < LARGE_FILTERS) {
    const left = reshape(patches, [PATCH, tall, PATCH, row, channels]);
    return matmul(left, reshape(kernels, [PATCH, 1, PATCH, out, channels]), { transB: true });
  }
  const order = [0, 2, 1, 3];
  const together = transpose(reshape(patches, [PATCH, tall, PATCH, row * channels]), order);
  const left = reshape(together, [PATCH, PATCH, tall * row, channels]);
  const products = matmul(left, reshape(kernels, [PATCH, PATCH, out, channels]), { transB: true });
  return transpose(reshape(products, [PATCH, PATCH, tall, row * out]), order);
}

/** Its adjoint in the images: [N, O, H, W] → `shape` [N, C, H, W], with the filters transformed as they are forward. */
function adjoint(g: Expr, filters: Expr, shape: Shape): Expr {
  // What is linear has one gradient wherever it is taken.
  const anywhere = input('images', shape);
  return gradient(sum(mul(winogradConvolution(anywhere, filters), g)), [anywhere])[0] as Expr;
}

/**
 * The same for a convolution, or its adjoint in the images; undefined for another convolution, and where the transforms take
 * what products spare. Counting multiplications tells well where it pays, as measured on images of 4 to 64 pixels a side.
 */
export function winogradForm({ op, inputs, attrs, shape }: Expr): Expr | undefined {
  const [images, filters] = inputs;
  if ((op !== 'conv2d' && op !== 'conv2dInputGrad') || !images || !filters) return undefined;
  const { strides, padding, dilations, groups } = attrs;
  const [out = 0, channels = 0, ...kernel] = filters.shape;
  const isPlain = String(kernel) === '3,3' && String(strides) === '1,1' && String(padding) === '1,1,1,1';
  if (!isPlain || String(dilations) !== '1,1' || groups !== 1) return undefined;
  const [height = 0, width = 0] = shape.slice(2);
  if (multiplications(out, channels, height, width) >= KERNEL ** 2 * out * channels * height * width) return undefined;
  return op === 'conv2d' ? winogradConvolution(images, filters) : adjoint(images, filters, shape);
}

/** Of one image. The transforms are dense matrices along an axis, so that theirs grow with its length. */
function multiplications(out: number, channels: number, height: number, width: number): number {
  const [tall, wide] = [PATCH * Math.ceil(height / TILE), PATCH * Math.ceil(width / TILE)];
  return tall * wide * out * channels + (out + channels) * height * wide * (width + tall);
}

/**
 * How networks convolve on a backend. Derivatives of any order go through the transforms as well, and a patch or a filter
 * is transformed once for all that reads it. Backends but `onnxruntime` have algorithms of their own.
 */
export function convolutionOn({ name }: Pick<Backend, 'name'>): Convolve {
  if (name !== 'onnxruntime') return conv2d;
  return (images, filters, options) => {
    const plain = conv2d(images, filters, options);
    return winogradForm(plain) ?? plain;
  };
}

/** w ↦ G w Gᵀ as one matrix [36, 9]. */
function ofFilters(): Expr {
  const data = OF_FILTERS.flatMap((left) =>
    OF_FILTERS.flatMap((right) => left.flatMap((a) => right.map((b) => a * b))),
  );
  // Thirds, which single precision does not have, are rounded where a backend takes them.
  return constant({ dtype: 'float', shape: [PATCH ** 2, KERNEL ** 2], data: Float64Array.from(data) });
}

/** [6 · tiles, length]: the transform of each tile's patch, which begins a place before the tile. */
function patches(length: number): Expr {
  return alongAxis(length, (row, tile, put) => {
    for (const [k, weight] of (OF_IMAGES[row] ?? []).entries()) put(TILE * tile - 1 + k, weight);
  });
}

/** [6 · tiles, length]: how products become a tile's results. */
function results(length: number): Expr {
  return alongAxis(length, (row, tile, put) => {
    for (const [k, weights] of OF_RESULTS.entries()) put(TILE * tile + k, weights[row] ?? 0);
  });
}

type Fill = (row: number, tile: number, put: (place: number, weight: number) => void) => void;

function alongAxis(length: number, fill: Fill): Expr {
  const tiles = Math.ceil(length / TILE);
  const data = new Float32Array(PATCH * tiles * length);
  for (let row = 0; row < PATCH; row++)
    for (let tile = 0; tile < tiles; tile++)
      fill(row, tile, (place, weight) => {
        if (place >= 0 && place < length) data[(row * tiles + tile) * length + place] = weight;
      });
  return constant(floats(data, [PATCH * tiles, length]));
}
