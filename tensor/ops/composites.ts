/** What is built from primitives: statistics, softmax, one-hot rows, arrangements. */
import { constant, type Expr } from '../expr.ts';
import { type DType, ints, type Shape, sizeOf } from '../tensor.ts';
import {
  axesOf,
  axisOf,
  broadcastTo,
  concat,
  pad,
  type ReduceOptions,
  reduceMax,
  reshape,
  reverse,
  slice,
  sum,
} from './builders.ts';
import { add, cast, div, eq, exp, floor, log, mul, type Operand, sqrt, square, sub } from './elementwise-builders.ts';

export function full(shape: Shape, value: number, dtype: DType = 'float'): Expr {
  const one = constant(value);
  return broadcastTo(dtype === 'float' ? one : cast(one, dtype), shape);
}

export function zeros(shape: Shape): Expr {
  return full(shape, 0);
}

export function ones(shape: Shape): Expr {
  return full(shape, 1);
}

/** 0, 1, …, length - 1 as int. */
export function iota(length: number): Expr {
  return constant(
    ints(
      Array.from({ length }, (_, index) => index),
      [length],
    ),
  );
}

function countOver(x: Expr, axes: readonly number[] | undefined): number {
  return sizeOf(axesOf(x, axes).map((axis) => x.shape[axis] ?? 1));
}

/** A sum times 1/count: over nothing it is not a number, as the mean of nothing has to be. */
export function mean(x: Expr, options: ReduceOptions = {}): Expr {
  return mul(sum(x, options), 1 / countOver(x, options.axes));
}

/** Biased: over the count, not one less. */
export function variance(x: Expr, { axes, keepDims = false }: ReduceOptions = {}): Expr {
  const all = axesOf(x, axes);
  return mean(square(sub(x, mean(x, { axes: all, keepDims: true }))), { axes: all, keepDims });
}

/**
 * Close below the largest along `axes`, so that exponentials neither overflow nor all vanish. Any shift gives the same
 * softmax; rounded down, it is one through which no derivative flows.
 */
function shiftOf(x: Expr, axes: readonly number[]): Expr {
  return floor(reduceMax(x, { axes, keepDims: true }));
}

export function softmax(x: Expr, axis = -1): Expr {
  const axes = [axisOf(x, axis)];
  const weights = exp(sub(x, shiftOf(x, axes)));
  return div(weights, sum(weights, { axes, keepDims: true }));
}

export function logSoftmax(x: Expr, axis = -1): Expr {
  const axes = [axisOf(x, axis)];
  const shifted = sub(x, shiftOf(x, axes));
  return sub(shifted, log(sum(exp(shifted), { axes, keepDims: true })));
}

/** log Σ e^x over `axes`, without overflow. */
export function logSumExp(x: Expr, { axes, keepDims = false }: ReduceOptions = {}): Expr {
  const all = axesOf(x, axes);
  const shift = shiftOf(x, all);
  const result = add(log(sum(exp(sub(x, shift)), { axes: all, keepDims: true })), shift);
  if (keepDims) return result;
  return reshape(
    result,
    x.shape.filter((_, index) => !all.includes(index)),
  );
}

/** √Σx² over `axes`. Its derivative at 0 is not a number: add an epsilon to x where that can happen. */
export function norm(x: Expr, options: ReduceOptions = {}): Expr {
  return sqrt(sum(square(x), options));
}

/** Class indices [...] as rows [..., classes] of 0 and 1. An index outside gives a row of zeros. */
export function oneHot(labels: Expr, classes: number): Expr {
  return cast(eq(expandDims(labels, -1), iota(classes)), 'float');
}

/** A new axis of length 1 at `axis` of the result. */
export function expandDims(x: Expr, axis: number): Expr {
  const place = axis < 0 ? axis + x.shape.length + 1 : axis;
  return reshape(x, [...x.shape.slice(0, place), 1, ...x.shape.slice(place)]);
}

/** Without the axes given, which have length 1. */
export function squeeze(x: Expr, axes: readonly number[]): Expr {
  const all = axesOf(x, axes);
  return reshape(
    x,
    x.shape.filter((_, axis) => !all.includes(axis)),
  );
}

/** Equal shapes side by side along a new axis. */
export function stack(parts: readonly Expr[], axis = 0): Expr {
  return concat(
    parts.map((part) => expandDims(part, axis)),
    axis < 0 ? axis + (parts[0]?.shape.length ?? 0) + 1 : axis,
  );
}

/** `size` elements along one axis from `start` on. */
export function sliceAlong(x: Expr, axis: number, start: number, size: number, step = 1): Expr {
  const place = axisOf(x, axis);
  const chosen = (value: number, otherwise: readonly number[]) =>
    otherwise.map((other, index) => (index === place ? value : other));
  return slice(x, {
    starts: chosen(
      start,
      x.shape.map(() => 0),
    ),
    sizes: chosen(size, x.shape),
    steps: chosen(
      step,
      x.shape.map(() => 1),
    ),
  });
}

/** Parts of the given sizes along `axis`. */
export function split(x: Expr, sizes: readonly number[], axis: number): Expr[] {
  let start = 0;
  return sizes.map((size) => {
    const part = sliceAlong(x, axis, start, size);
    start += size;
    return part;
  });
}

/** Element i of the result is element i - shift of x, around the end, as np.roll. */
export function roll(x: Expr, shift: number, axis: number): Expr {
  const length = x.shape[axisOf(x, axis)] ?? 0;
  const moved = length === 0 ? 0 : ((shift % length) + length) % length;
  if (moved === 0) return x;
  return concat([sliceAlong(x, axis, length - moved, moved), sliceAlong(x, axis, 0, length - moved)], axis);
}

/** Images [..., H, W] with `value` around them: top, left, bottom, right. */
export function padConstant(x: Expr, padding: readonly [number, number, number, number], value = 0): Expr {
  const [top, left, bottom, right] = padding;
  const rest = x.shape.slice(0, -2).map(() => 0);
  return pad(x, { low: [...rest, top, left], high: [...rest, bottom, right], value });
}

/** Images [..., H, W] continued by their mirror image without repeating the border: top, left, bottom, right. */
export function padReflect(x: Expr, padding: readonly [number, number, number, number]): Expr {
  const [top, left, bottom, right] = padding;
  return reflected(reflected(x, -2, top, bottom), -1, left, right);
}

function reflected(x: Expr, axis: number, before: number, after: number): Expr {
  const place = axisOf(x, axis);
  const length = x.shape[place] ?? 0;
  const mirror = (start: number, size: number) => reverse(sliceAlong(x, place, start, size), [place]);
  const parts = [
    ...(before > 0 ? [mirror(1, before)] : []),
    x,
    ...(after > 0 ? [mirror(length - 1 - after, after)] : []),
  ];
  return parts.length === 1 ? x : concat(parts, place);
}

/** Σ a·b over everything. */
export function dot(a: Expr, b: Expr): Expr {
  return sum(mul(a, b));
}

/** (1 - t)·a + t·b */
export function mix(a: Expr, b: Expr, t: Operand): Expr {
  return add(a, mul(sub(b, a), t));
}
