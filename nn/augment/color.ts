/** DSA's token color: brightness, saturation and contrast, each with a parameter an image or one for the batch. */
import type { Expr } from '../../tensor/expr.ts';
import { add, mean, mul, reshape, sub } from '../../tensor/ops/index.ts';
import { imageExtents } from '../layers.ts';
import type { ColorOperator } from './dsa.ts';

/** [N] or [1] → something that broadcasts over images. */
function perImage(parameter: Expr): Expr {
  return reshape(parameter, [parameter.shape[0] ?? 1, 1, 1, 1]);
}

/** m + f·(x - m), written with one pass less over the images: f·x + (1 - f)·m. */
function towards(x: Expr, middle: Expr, factor: Expr): Expr {
  return add(mul(x, factor), mul(middle, sub(1, factor)));
}

/** x + b */
export function brightness(x: Expr, b: Expr): Expr {
  return add(x, perImage(b));
}

/** m + s·(x - m), m the mean over channels of each pixel; with one channel m = x, the identity. */
export function saturation(x: Expr, s: Expr): Expr {
  if (imageExtents(x).channels === 1) return x;
  return towards(x, mean(x, { axes: [1], keepDims: true }), perImage(s));
}

/** μ + k·(x - μ), μ the mean of each image. */
export function contrast(x: Expr, k: Expr): Expr {
  return towards(x, mean(x, { axes: [1, 2, 3], keepDims: true }), perImage(k));
}

const OPERATORS: Readonly<Record<ColorOperator, (x: Expr, parameter: Expr) => Expr>> = {
  brightness,
  saturation,
  contrast,
};

export function color(images: Expr, order: readonly ColorOperator[], parameter: (name: string) => Expr): Expr {
  return order.reduce((x, operator) => OPERATORS[operator](x, parameter(operator)), images);
}
