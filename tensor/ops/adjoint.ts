/** Adjoints that many rules share. */
import type { Expr } from '../expr.ts';
import type { Shape } from '../tensor.ts';
import { reshape, sum } from './builders.ts';
import { sameShape } from './definition.ts';

/** Adjoint of broadcasting from `shape`: the sum over every axis that was stretched. */
export function sumTo(g: Expr, shape: Shape): Expr {
  if (sameShape(g.shape, shape)) return g;
  const missing = g.shape.length - shape.length;
  const axes = g.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < missing || shape[axis - missing] !== g.shape[axis]);
  return reshape(axes.length === 0 ? g : sum(g, { axes }), shape);
}

/** A reduced result with the axes it lost, of length 1. */
export function withAxes(reduced: Expr, shape: Shape, axes: readonly number[]): Expr {
  return reshape(
    reduced,
    shape.map((length, axis) => (axes.includes(axis) ? 1 : length)),
  );
}
