import { expect, it } from 'vitest';
import { openReference } from './backends/reference/backend.ts';
import { constant, type Expr, input } from './expr.ts';
import { gradient, vjp } from './gradient.ts';
import { add, argMax, cast, exp, floor, mul, sign, sum } from './ops/index.ts';
import { floats } from './tensor.ts';
import { inTopologicalOrder } from './topological.ts';

const x = input('x', [3]);
const y = input('y', [3]);

async function at(exprs: Record<string, Expr>): Promise<Record<string, number[]>> {
  const program = await openReference().prepare({ outputs: exprs });
  const results = await program.run({ x: floats([1, 2, 3]), y: floats([4, 5, 6]) });
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, Array.from(data)]));
}

it('sums over all ways from y to x', async () => {
  const shared = mul(x, y);
  const [dx, dy] = gradient(sum(add(mul(shared, shared), shared)), [x, y]);
  expect(await at({ dx: dx!, dy: dy! })).toEqual({ dx: [36, 105, 222], dy: [9, 42, 111] });
});

it('is zero without a way, and undefined from vjp', async () => {
  const [dy] = gradient(sum(x), [y]);
  expect(dy!.shape).toEqual([3]);
  expect(await at({ dy: dy! })).toEqual({ dy: [0, 0, 0] });
  expect(vjp([x], [y], [y])).toEqual([undefined]);
  const flat = add(add(floor(x), sign(x)), cast(argMax(x), 'float'));
  expect(vjp([flat], [y], [x])).toEqual([undefined]);
});

it('is the derivative in intermediate values too, with all that flows through them', async () => {
  const middle = mul(x, 2);
  const [dx, dMiddle] = gradient(sum(mul(middle, x)), [x, middle]);
  expect(await at({ dx: dx!, dMiddle: dMiddle! })).toEqual({ dx: [4, 8, 12], dMiddle: [1, 2, 3] });
});

it('gives the cotangent of an output that is asked for itself', async () => {
  const [g] = vjp([x, x], [y, constant(floats([1, 1, 1]))], [x]);
  expect(await at({ g: g! })).toEqual({ g: [5, 6, 7] });
});

it('builds nothing for what does not depend on x', () => {
  const aside = exp(exp(exp(y)));
  const [dx] = gradient(sum(mul(x, aside)), [x]);
  const operations = inTopologicalOrder([dx!]).map(({ op }) => op);
  expect(operations.filter((op) => op === 'exp').length).toBe(3);
  expect(operations).not.toContain('sum');
});

it('differentiates gradients, and gradients of those', async () => {
  let slope = sum(mul(mul(x, x), mul(x, x)));
  const orders: Record<string, Expr> = {};
  for (let order = 1; order <= 4; order++) {
    const [next] = gradient(slope, [x]);
    orders[`order${order}`] = next!;
    slope = sum(next!);
  }
  expect(await at(orders)).toEqual({
    order1: [4, 32, 108],
    order2: [12, 48, 108],
    order3: [24, 48, 72],
    order4: [24, 24, 24],
  });
});
