/** DSA's token cutout: one rectangle set to 0 in all channels, clamped (not wrapped) at the border. */
import { constant, type Expr } from '../../tensor/expr.ts';
import { add, and, cast, clip, ge, le, mul, not, reshape, sub } from '../../tensor/ops/index.ts';
import { floats } from '../../tensor/tensor.ts';
import { imageExtents } from '../layers.ts';
import { pixels } from './dsa.ts';

/** 0, 1, …, length - 1 */
export function indices(length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => index);
}

/** [P, length]: whether each row (or column) lies in the hole around `centre` [P]. */
function inHole(centre: Expr, length: number, ratio: number): Expr {
  const side = pixels(ratio, length);
  const low = reshape(sub(centre, Math.floor(side / 2)), [centre.shape[0] ?? 1, 1]);
  const clamped = (x: Expr) => clip(x, 0, length - 1);
  const position = constant(floats(indices(length), [1, length]));
  return and(ge(position, clamped(low)), le(position, clamped(add(low, side - 1))));
}

/** Centres are [N] or [1]; the hole's sides are `ratio` of the image's. */
export function cutout(images: Expr, row: Expr, column: Expr, ratio: number): Expr {
  const { height, width } = imageExtents(images);
  const count = row.shape[0] ?? 1;
  const rows = reshape(inHole(row, height, ratio), [count, 1, height, 1]);
  const columns = reshape(inHole(column, width, ratio), [count, 1, 1, width]);
  return mul(images, cast(not(and(rows, columns)), 'float'));
}
