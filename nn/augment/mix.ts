/**
 * CutMix (Yun et al. 2019) and MixUp (Zhang et al. 2018) of a batch with a permutation of itself, as SRe2L's label files
 * store them: one draw of λ, and for CutMix one box, for the whole batch. Boxes, permutations and λ are inputs of a
 * graph, so one program serves every draw.
 */
import { constant, type Expr } from '../../tensor/expr.ts';
import { add, and, gather, ge, iota, lt, mul, reshape, select, slice, sub } from '../../tensor/ops/index.ts';
import { imageExtents } from '../layers.ts';

/** Along the first image axis (rows) and the second: from, from, to, to; `to` is outside. */
export type MixBox = readonly [number, number, number, number];

/** λ stays, 1 - λ of the area is pasted: sides are cut to whole pixels, and an odd side loses one by halving. */
export function cutMixBox(lambda: number, centre: readonly [number, number], height: number, width: number): MixBox {
  const ratio = Math.sqrt(1 - lambda);
  const [halfHeight, halfWidth] = [Math.trunc(height * ratio) >> 1, Math.trunc(width * ratio) >> 1];
  const clip = (value: number, limit: number) => Math.min(Math.max(value, 0), limit);
  return [
    clip(centre[0] - halfHeight, height),
    clip(centre[1] - halfWidth, width),
    clip(centre[0] + halfHeight, height),
    clip(centre[1] + halfWidth, width),
  ];
}

/** The share of an image that a box leaves: what λ became by cutting and clipping. */
export function exactLambda([top, left, bottom, right]: MixBox, height: number, width: number): number {
  return 1 - ((bottom - top) * (right - left)) / (height * width);
}

/** images[permutation] pasted into `images` inside `box` (int [4]). */
export function cutMix(images: Expr, permutation: Expr, box: Expr): Expr {
  return pasted(images, gather(images, permutation, 0), box);
}

/** `others` inside `box` (int [4]), `images` outside. */
export function pasted(images: Expr, others: Expr, box: Expr): Expr {
  const { height, width } = imageExtents(images);
  const bound = (index: number) => slice(box, { starts: [index], sizes: [1] });
  const between = (length: number, from: number, to: number) =>
    and(ge(iota(length), bound(from)), lt(iota(length), bound(to)));
  const rows = reshape(between(height, 0, 2), [1, 1, height, 1]);
  const columns = reshape(between(width, 1, 3), [1, 1, 1, width]);
  return select(and(rows, columns), others, images);
}

/** λ·x + (1 - λ)·x[permutation]: of images, and of rows of labels (FKD mixes them; SRe2L's teacher sees the mixed image). */
export function mixUp(x: Expr, permutation: Expr, lambda: Expr | number): Expr {
  return blended(x, gather(x, permutation, 0), lambda);
}

/** λ·x + (1 - λ)·others */
export function blended(x: Expr, others: Expr, lambda: Expr | number): Expr {
  const share = typeof lambda === 'number' ? constant(lambda) : lambda;
  return add(mul(x, share), mul(others, sub(1, share)));
}
