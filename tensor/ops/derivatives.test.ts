/** Every derivative rule against central differences of the graph one order lower, in float64. */
import { expect, it } from 'vitest';
import { openReference } from '../backends/reference/backend.ts';
import { floats, type Tensor } from '../tensor.ts';
import { inTopologicalOrder } from '../topological.ts';
import { nameOf } from './cases/graph.ts';
import { caseGraph, opCases } from './cases.ts';
import { opDefinition, opNames } from './table.ts';

/** Five points: the error is of the fourth power of the step. */
const STEP = 1e-3;
const POINTS = [
  [1, 8 / 12],
  [-1, -8 / 12],
  [2, -1 / 12],
  [-2, 1 / 12],
] as const;

function moved(
  feeds: Readonly<Record<string, Tensor>>,
  direction: readonly (Tensor | undefined)[],
  distance: number,
): Record<string, Tensor> {
  const result = { ...feeds };
  for (const [index, along] of direction.entries()) {
    const from = feeds[nameOf(index)];
    if (!along || !from) continue;
    result[nameOf(index)] = floats(
      Float64Array.from(from.data, (value, place) => value + distance * along.data[place]!),
      from.shape,
    );
  }
  return result;
}

it.each(opCases.filter(({ orders }) => orders > 0))('$name', async (opCase) => {
  const { slopes, directions, feeds } = caseGraph(opCase);
  const outputs = Object.fromEntries(slopes.map((slope, order) => [`slope${order}`, slope]));
  const program = await openReference().prepare({ outputs });
  const exact = await program.run(feeds);
  for (const [order, direction] of directions.entries()) {
    let difference = 0;
    for (const [place, weight] of POINTS) {
      const there = await program.run(moved(feeds, direction, place * STEP));
      difference += (weight * there[`slope${order}`]!.data[0]!) / STEP;
    }
    const found = exact[`slope${order + 1}`]!.data[0]!;
    const error = Math.abs(found - difference) / Math.max(1, Math.abs(found));
    expect(error, `order ${order + 1}: rule ${found}, difference ${difference}`).toBeLessThan(1e-7);
  }
});

it('has a case of every operation', () => {
  const seen = new Set(opCases.flatMap((one) => operations(caseGraph({ ...one, orders: 0 }).value)));
  expect(opNames().filter((name) => !seen.has(name))).toEqual([]);
});

it('has a case to the third order of every operation that has a derivative of its own', () => {
  const seen = new Set(
    opCases.filter(({ orders }) => orders === 3).flatMap((one) => operations(caseGraph({ ...one, orders: 0 }).value)),
  );
  const withoutSlope = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'and', 'or', 'not', 'argMax', 'topKIndices', 'cast'];
  const differentiable = opNames().filter((name) => opDefinition(name).derivative && !withoutSlope.includes(name));
  expect(differentiable.filter((name) => !seen.has(name))).toEqual([]);
});

function operations(value: Parameters<typeof inTopologicalOrder>[0][number]): string[] {
  return inTopologicalOrder([value])
    .map(({ op }) => op)
    .filter((op) => op !== 'input' && op !== 'constant');
}
