/** What an operation must at least multiply and move, from its shapes. */
import { type Shape, sizeOf } from '../../tensor/tensor.ts';

export interface Cost {
  readonly flops: number;
  readonly bytes: number;
}

export const bytesOf = (shapes: readonly Shape[]): number =>
  4 * shapes.reduce((total, shape) => total + sizeOf(shape), 0);

/** Filters are [out, in / groups, kh, kw]; `places` is what they are applied to: N · O · rows · columns. */
export function convolutionFlops(places: number, filters: Shape): number {
  return 2 * places * sizeOf(filters.slice(1));
}

/** `left` [… rows, depth] however it is stored. */
export function productFlops(left: Shape, result: Shape): number {
  const rowsAndColumns = sizeOf(result.slice(-2));
  const rows = sizeOf(result) === 0 ? 1 : (result.at(-2) ?? 1);
  const depth = sizeOf(left.slice(-2)) / rows;
  return 2 * depth * rowsAndColumns * (sizeOf(result) / Math.max(1, rowsAndColumns));
}
