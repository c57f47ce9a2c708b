/**
 * Small factors of large products: scales of norms and their adjoints, one number for a channel or an image's plane. A
 * pass over the images is what costs, so factors are multiplied with each other first, and go behind a sum over what
 * they are equal for. That also shows sums of the same images to be the same, which a norm's adjoint and the gradient
 * of its scale then share. Exact but for rounding: factors and sums are rounded in another order.
 */
import type { Expr } from '../expr.ts';
import { sizeOf } from '../tensor.ts';
import { type Context, sameShape } from './rule.ts';

/** A factor is small where it is at least so many times smaller than the product. */
const SMALLER = 4;

export function isSmall(factor: Expr, product: Expr): boolean {
  const size = sizeOf(factor.shape);
  return factor.dtype === 'float' && size > 0 && size * SMALLER <= sizeOf(product.shape);
}

/** x·s as x and s, where x has the shape of the product and s is small. */
export function scaled(product: Expr): readonly [Expr, Expr] | undefined {
  if (product.op !== 'mul' || product.dtype !== 'float') return undefined;
  const [a, b] = product.inputs as [Expr, Expr];
  if (isSmall(b, product) && sameShape(a, product)) return [a, b];
  if (isSmall(a, product) && sameShape(b, product)) return [b, a];
  return undefined;
}

/** Whether a factor of `x` is one number along the axes. */
export function isEqualAlong({ shape }: Expr, x: Expr, axes: readonly number[]): boolean {
  return axes.every((axis) => (shape[axis - (x.shape.length - shape.length)] ?? 1) === 1);
}

/** (x·s)·t → x·(s·t), where s·t is small as well. */
export function gatheredFactors({ expr, inputs, build }: Context): Expr | undefined {
  const [a, b] = inputs as [Expr, Expr];
  for (const [product, factor] of [
    [a, b],
    [b, a],
  ] as const) {
    if (!isSmall(factor, expr) || !sameShape(product, expr)) continue;
    const [x, before] = scaled(product) ?? [];
    if (!x || !before) continue;
    const both = build('mul', [before, factor]);
    if (isSmall(both, expr)) return build('mul', [x, both]);
  }
  return undefined;
}

/** Σ x·s → s·Σ x over the axes along which s is one number; the rest of the axes are summed after that. */
export function factorsBehindSum({ expr, inputs: [product], build }: Context): Expr | undefined {
  if (!product || expr.dtype !== 'float') return undefined;
  const [x, factor] = largeAndSmall(product, build) ?? [];
  if (!x || !factor) return undefined;
  const axes = expr.attrs.axes as readonly number[];
  const first = axes.filter((axis) => isEqualAlong(factor, product, [axis]));
  const partial = sizeOf(product.shape.filter((_, axis) => !first.includes(axis)));
  if (first.length === 0 || partial === 0 || partial * SMALLER > sizeOf(product.shape)) return undefined;
  const scaled = build('mul', [build('sum', [x], { axes: first, keepDims: true }), factor]);
  const rest = axes.filter((axis) => !first.includes(axis));
  const all = rest.length === 0 ? scaled : build('sum', [scaled], { axes: rest, keepDims: true });
  return build('reshape', [all], { shape: expr.shape });
}

/** x·s, (x·s)·y and (x·s)·(y·t) as one large product and one small factor. */
function largeAndSmall(product: Expr, build: Context['build']): readonly [Expr, Expr] | undefined {
  const direct = scaled(product);
  if (direct || product.op !== 'mul') return direct;
  const [a, b] = product.inputs as [Expr, Expr];
  if (!sameShape(a, product) || !sameShape(b, product)) return undefined;
  const [x, s] = scaled(a) ?? [a];
  const [y, t] = scaled(b) ?? [b];
  if (!s && !t) return undefined;
  const factor = s && t ? build('mul', [s, t]) : (s ?? t);
  return factor && isSmall(factor, product) ? [build('mul', [x, y]), factor] : undefined;
}

/** Σ over the last axes and others → first the last ones, whose sum others may share (Σ over pixels, then over images). */
export function lastAxesFirst({ expr, inputs: [x], build }: Context): Expr | undefined {
  if (!x || expr.dtype !== 'float') return undefined;
  const axes = expr.attrs.axes as readonly number[];
  let from = x.shape.length;
  while (axes.includes(from - 1)) from--;
  const [last, others] = [axes.filter((axis) => axis >= from), axes.filter((axis) => axis < from)];
  const kept = x.shape.slice(0, from).some((length, axis) => !others.includes(axis) && length > 1);
  if (last.length === 0 || others.length === 0 || !kept) return undefined;
  const partial = build('sum', [x], { axes: last, keepDims: true });
  return build('reshape', [build('sum', [partial], { axes: others, keepDims: true })], { shape: expr.shape });
}
