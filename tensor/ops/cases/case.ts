/**
 * A case: one operation on small inputs, by which every backend and every derivative rule is checked. Shapes hold 1s, odd
 * lengths and empty batches. Values are distinct and keep away from 0 by a seventh of their spacing, so that small steps
 * cross no kink and no tie.
 */
import type { Expr } from '../../expr.ts';
import { bools, type DType, floats, ints, type Shape, sizeOf, type Tensor } from '../../tensor.ts';

export interface CaseInput {
  readonly shape: Shape;
  readonly dtype?: DType;
  /** From (inclusive) and to (exclusive); -2 to 2 unless said. */
  readonly range?: readonly [number, number];
}

export type Order = 0 | 1 | 2 | 3;

export interface OpCase {
  readonly name: string;
  build(inputs: readonly Expr[]): Expr;
  readonly inputs: readonly CaseInput[];
  /** How often it can be differentiated (0: not at all). */
  readonly orders: Order;
}

/** A case from a builder that takes its inputs one by one. */
export function opCase(
  name: string,
  inputs: readonly (CaseInput | Shape)[],
  build: (...inputs: Expr[]) => Expr,
  orders: Order = 3,
): OpCase {
  const full = inputs.map((one): CaseInput => ('shape' in one ? one : { shape: one }));
  return { name, inputs: full, build: (exprs) => build(...exprs), orders };
}

/** The values of a case's inputs: always the same, floats in float64. */
export function caseValues({ inputs }: OpCase): Tensor[] {
  return inputs.map(({ shape, dtype = 'float', range: [low, high] = [-2, 2] }, index) => {
    const order = shuffled(sizeOf(shape), index + 1);
    if (dtype === 'bool')
      return bools(
        order.map((place) => place % 2),
        shape,
      );
    if (dtype === 'int')
      return ints(
        order.map((place) => low + (place % (high - low))),
        shape,
      );
    // Inputs of one range differ in it, so that no value of one is a value of the other.
    const offset = [0.3, 0.2, 0.35][index] ?? 0.3;
    const spacing = (high - low) / Math.max(1, order.length);
    return floats(
      Float64Array.from(order, (place) => low + (place + offset) * spacing),
      shape,
    );
  });
}

/** 0 … count - 1 in a fixed, irregular order. */
export function shuffled(count: number, seed: number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  let state = seed * 7919;
  for (let last = count - 1; last > 0; last--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (last + 1));
    [order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
  }
  return order;
}
