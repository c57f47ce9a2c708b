/**
 * Builders of all other primitives: options with defaults and negative axes become the full attributes that rules and
 * backends read, so that equal operations have equal attributes.
 */
import type { Expr } from '../expr.ts';
import { type Shape, sizeOf } from '../tensor.ts';
import { apply } from './apply.ts';
import { sameShape } from './definition.ts';

/** Counted from the end where negative. */
export function axisOf(x: Expr, axis: number): number {
  return axis < 0 ? axis + x.shape.length : axis;
}

export function axesOf(x: Expr, axes: readonly number[] | undefined): readonly number[] {
  if (axes === undefined) return x.shape.map((_, axis) => axis);
  return axes.map((axis) => axisOf(x, axis)).sort((a, b) => a - b);
}

export interface ReduceOptions {
  /** All axes unless said. */
  readonly axes?: readonly number[];
  readonly keepDims?: boolean;
}

const reduce =
  (op: string) =>
  (x: Expr, { axes, keepDims = false }: ReduceOptions = {}): Expr =>
    apply(op, [x], { axes: axesOf(x, axes), keepDims });

export const sum = reduce('sum');
export const reduceMax = reduce('reduceMax');
export const reduceMin = reduce('reduceMin');

/** Positions of the largest along `axis`, which is removed; the first of equals. */
export function argMax(x: Expr, axis = -1): Expr {
  return apply('argMax', [x], { axis: axisOf(x, axis) });
}

/** Positions of the `k` largest along `axis`, largest first, the first of equals first. */
export function topKIndices(x: Expr, k: number, axis = -1): Expr {
  return apply('topKIndices', [x], { axis: axisOf(x, axis), k });
}

export function cumsum(x: Expr, axis: number, { reverse = false }: { reverse?: boolean } = {}): Expr {
  return apply('cumsum', [x], { axis: axisOf(x, axis), reverse });
}

/** One length may be -1: what is left over. */
export function reshape(x: Expr, shape: Shape): Expr {
  const known = shape.reduce((product, length) => (length === -1 ? product : product * length), 1);
  const full = shape.map((length) => (length === -1 ? sizeOf(x.shape) / known : length));
  return sameShape(x.shape, full) ? x : apply('reshape', [x], { shape: full });
}

/** Axis i of the result is axis perm[i] of x; without `perm` the axes are turned around. */
export function transpose(x: Expr, perm: readonly number[] = x.shape.map((_, axis) => axis).reverse()): Expr {
  return apply('transpose', [x], { perm: perm.map((axis) => axisOf(x, axis)) });
}

export function broadcastTo(x: Expr, shape: Shape): Expr {
  return sameShape(x.shape, shape) ? x : apply('broadcastTo', [x], { shape: [...shape] });
}

export interface SliceOptions {
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
  readonly steps?: readonly number[];
}

export function slice(x: Expr, { starts, sizes, steps = starts.map(() => 1) }: SliceOptions): Expr {
  return apply('slice', [x], { starts: [...starts], sizes: [...sizes], steps: [...steps] });
}

export interface PadOptions {
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly value?: number;
}

/** `low[i]` elements of `value` before and `high[i]` after axis i. */
export function pad(x: Expr, { low, high, value = 0 }: PadOptions): Expr {
  return apply('pad', [x], { low: [...low], high: [...high], value });
}

export function concat(parts: readonly Expr[], axis: number): Expr {
  const [first] = parts;
  return apply('concat', [...parts], { axis: first ? axisOf(first, axis) : axis });
}

export function reverse(x: Expr, axes: readonly number[]): Expr {
  return apply('reverse', [x], { axes: axesOf(x, axes) });
}

/** Slices of x at `indices` (int, any shape) along `axis`, as np.take. */
export function gather(x: Expr, indices: Expr, axis = 0): Expr {
  return apply('gather', [x, indices], { axis: axisOf(x, axis) });
}

/** Adjoint of `gather`: slices added at `indices` into zeros, where `axis` has length `size`. */
export function scatterAdd(updates: Expr, indices: Expr, axis: number, size: number): Expr {
  return apply('scatterAdd', [updates, indices], { axis, size });
}

/** Elements of x at `indices` (of x's rank) along `axis`, as np.take_along_axis. */
export function takeAlong(x: Expr, indices: Expr, axis: number): Expr {
  return apply('takeAlong', [x, indices], { axis: axisOf(x, axis) });
}

/** Adjoint of `takeAlong`: elements added at `indices` into zeros, where `axis` has length `size`. */
export function putAlong(updates: Expr, indices: Expr, axis: number, size: number): Expr {
  return apply('putAlong', [updates, indices], { axis: axisOf(updates, axis), size });
}

export interface MatmulOptions {
  readonly transA?: boolean;
  readonly transB?: boolean;
}

/** Products of the last two axes, transposed first where asked; axes before them broadcast. */
export function matmul(a: Expr, b: Expr, { transA = false, transB = false }: MatmulOptions = {}): Expr {
  return apply('matmul', [a, b], { transA, transB });
}

export interface ConvOptions {
  readonly strides?: readonly number[];
  /** Top, left, bottom, right. */
  readonly padding?: readonly number[];
  readonly dilations?: readonly number[];
  readonly groups?: number;
}

function convAttrs({ strides = [1, 1], padding = [0, 0, 0, 0], dilations = [1, 1], groups = 1 }: ConvOptions) {
  return { strides: [...strides], padding: [...padding], dilations: [...dilations], groups };
}

/** Cross-correlation of x [N, C, H, W] with w [O, C/groups, kh, kw]. */
export function conv2d(x: Expr, w: Expr, options: ConvOptions = {}): Expr {
  return apply('conv2d', [x, w], convAttrs(options));
}

/** Adjoint of `conv2d` in x, which was `inputSize` [H, W]. */
export function conv2dInputGrad(g: Expr, w: Expr, options: ConvOptions & { inputSize: readonly number[] }): Expr {
  return apply('conv2dInputGrad', [g, w], { ...convAttrs(options), inputSize: [...options.inputSize] });
}

/** Adjoint of `conv2d` in w, whose kernels are `kernelSize` [kh, kw]. */
export function conv2dFilterGrad(x: Expr, g: Expr, options: ConvOptions & { kernelSize: readonly number[] }): Expr {
  return apply('conv2dFilterGrad', [x, g], { ...convAttrs(options), kernelSize: [...options.kernelSize] });
}

export interface PoolOptions {
  readonly size: readonly number[];
  /** As `size` unless said. */
  readonly strides?: readonly number[];
  /** Top, left, bottom, right. */
  readonly padding?: readonly number[];
}

function poolAttrs({ size, strides = size, padding = [0, 0, 0, 0] }: PoolOptions) {
  return { size: [...size], strides: [...strides], padding: [...padding] };
}

/** Means of windows; zeros of the padding count. */
export function avgPool(x: Expr, options: PoolOptions): Expr {
  return apply('avgPool', [x], poolAttrs(options));
}

export function avgPoolGrad(g: Expr, options: PoolOptions & { inputSize: readonly number[] }): Expr {
  return apply('avgPoolGrad', [g], { ...poolAttrs(options), inputSize: [...options.inputSize] });
}

/** Maxima of windows; padding never wins. */
export function maxPool(x: Expr, options: PoolOptions): Expr {
  return apply('maxPool', [x], poolAttrs(options));
}

/** g added where the maxima of x are, the first of equals. */
export function maxPoolGrad(x: Expr, g: Expr, options: PoolOptions): Expr {
  return apply('maxPoolGrad', [x, g], poolAttrs(options));
}

/** v read where the maxima of x are. */
export function maxPoolPick(x: Expr, v: Expr, options: PoolOptions): Expr {
  return apply('maxPoolPick', [x, v], poolAttrs(options));
}

export interface NormalizeOptions {
  readonly axes: readonly number[];
  readonly eps: number;
}

/** (x - mean) / √(biased variance + eps) over `axes`. */
export function normalize(x: Expr, { axes, eps }: NormalizeOptions): Expr {
  return apply('normalize', [x], { axes: axesOf(x, axes), eps });
}

/** 1 / √(biased variance + eps) over `axes`, which are kept with length 1. */
export function inverseDeviation(x: Expr, { axes, eps }: NormalizeOptions): Expr {
  return apply('inverseDeviation', [x], { axes: axesOf(x, axes), eps });
}

/** x [N, C, H, W] read bilinearly at (row, column) in pixels, `coords` [N or 1, Ho, Wo, 2]; zero outside. */
export function gridSample(x: Expr, coords: Expr): Expr {
  return apply('gridSample', [x, coords]);
}

/** Adjoint of `gridSample` in x, which was `inputSize` [H, W]. */
export function gridSampleGrad(g: Expr, coords: Expr, { inputSize }: { inputSize: readonly number[] }): Expr {
  return apply('gridSampleGrad', [g, coords], { inputSize: [...inputSize] });
}
