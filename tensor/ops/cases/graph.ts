/**
 * What is computed of a case: its value, and slopes of rising order. The first is that of the loss Σ c·sin(value) (a
 * linear operation would leave nothing to differentiate twice), each next one that of the slope before. Every slope is
 * along one direction through all float inputs at once, so that each order stays one number.
 */
import { constant, type Expr, input } from '../../expr.ts';
import { gradient } from '../../gradient.ts';
import { floats, type Shape, sizeOf, type Tensor } from '../../tensor.ts';
import { add, mul, sin, sum, zeros } from '../index.ts';
import { caseValues, type OpCase, shuffled } from './case.ts';

export interface CaseGraph {
  readonly value: Expr;
  /** `slopes[0]` is the loss, `slopes[n]` its n-th derivative; all scalars. Empty where the case has orders 0. */
  readonly slopes: readonly Expr[];
  /** Along which direction slope n + 1 is taken: one tensor for each input, absent for inputs that are not float. */
  readonly directions: readonly (readonly (Tensor | undefined)[])[];
  readonly feeds: Readonly<Record<string, Tensor>>;
}

export function caseGraph(opCase: OpCase): CaseGraph {
  const inputs = opCase.inputs.map(({ shape, dtype }, index) => input(nameOf(index), shape, dtype));
  const value = opCase.build(inputs);
  const feeds = Object.fromEntries(caseValues(opCase).map((tensor, index) => [nameOf(index), tensor]));
  const directions = Array.from({ length: opCase.orders }, (_, order) =>
    inputs.map(({ shape, dtype }, index) => (dtype === 'float' ? irregular(shape, 10 * order + index) : undefined)),
  );
  if (opCase.orders === 0) return { value, slopes: [], directions, feeds };
  const slopes = [sum(mul(sin(value), constant(irregular(value.shape, 99))))];
  for (const direction of directions) slopes.push(slopeAlong(slopes.at(-1) ?? value, inputs, direction));
  return { value, slopes, directions, feeds };
}

function slopeAlong(y: Expr, inputs: readonly Expr[], direction: readonly (Tensor | undefined)[]): Expr {
  const moved = inputs.filter((_, index) => direction[index]);
  const parts = gradient(y, moved).map((slope, index) => {
    const along = direction.filter((tensor) => tensor)[index];
    return along ? sum(mul(slope, constant(along))) : slope;
  });
  return parts.reduce((total, part) => add(total, part), zeros([]));
}

/** The name of input `index` of a case. */
export function nameOf(index: number): string {
  return `x${index}`;
}

function irregular(shape: Shape, seed: number): Tensor {
  const count = sizeOf(shape);
  return floats(
    Float64Array.from(shuffled(count, seed + 17), (place) => (place + 0.7) / Math.max(1, count) - 0.4),
    shape,
  );
}
