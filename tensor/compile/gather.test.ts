import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openReference } from '../backends/reference/backend.ts';
import { type Expr, input } from '../expr.ts';
import { gradient } from '../gradient.ts';
import { add, mul, neg, normalize, relu, sub, sum } from '../ops/index.ts';
import { randomStream } from '../random/stream.ts';
import { floats, type Shape, sizeOf, type Tensor } from '../tensor.ts';
import { inTopologicalOrder } from '../topological.ts';
import { gathered, passesOf } from './gather.ts';
import { optimise } from './optimise.ts';

const IMAGES: Shape = [8, 16, 32, 32];
const random = randomStream({ base: 0 }, 'gather');

function noise(step: number, shape: Shape): Tensor {
  return floats(Float32Array.from(random.normal(step, sizeOf(shape))), shape);
}

const [x, y, direction] = ['x', 'y', 'direction'].map((name) => input(name, IMAGES)) as [Expr, Expr, Expr];
const [scale, ofPlanes] = [input('scale', [1, 16, 1, 1]), input('ofPlanes', [8, 16, 1, 1])];
const feeds = {
  ...{ x: noise(0, IMAGES), y: noise(1, IMAGES), direction: noise(2, IMAGES) },
  ...{ scale: noise(3, scale.shape), ofPlanes: noise(4, ofPlanes.shape) },
};

async function expectSame(plain: Record<string, Expr>, other: Readonly<Record<string, Expr>>): Promise<void> {
  const backend = openReference();
  const wanted = await (await backend.prepare({ outputs: plain })).run(feeds);
  const found = await (await backend.prepare({ outputs: other })).run(feeds);
  for (const [name, { data }] of Object.entries(wanted)) {
    let [size, error] = [1, 0];
    for (const [at, value] of data.entries()) {
      size = Math.max(size, Math.abs(value));
      error = Math.max(error, Math.abs(value - (found[name]?.data[at] ?? Number.NaN)));
    }
    expect(error, name).toBeLessThan(1e-5 * size);
  }
}

it('spares a quarter of the passes of the second derivative of a norm, and gives its numbers', async () => {
  const loss = sum(mul(relu(add(mul(normalize(x, { axes: [2, 3], eps: 1e-5 }), scale), 0.1)), y));
  const [slope, ofScale] = gradient(loss, [x, scale]) as [Expr, Expr];
  const [second, mixed] = gradient(add(sum(mul(slope, direction)), sum(mul(ofScale, ofScale))), [x, scale]);
  const outputs = { second: second as Expr, mixed: mixed as Expr };
  const simple = optimise(outputs);
  expect(passesOf(simple)).toBeLessThan(0.75 * passesOf(outputs));
  await expectSame(outputs, simple);
});

it('does not compute what is only combined and summed', () => {
  const between = add(mul(x, scale), mul(y, ofPlanes));
  const outputs = { out: relu(mul(add(between, x), ofPlanes)), total: sum(between, { axes: [2, 3] }) };
  const order = inTopologicalOrder(Object.values(gathered(outputs)));
  const adds = order.filter(({ op, shape }) => op === 'add' && sizeOf(shape) === sizeOf(IMAGES));
  expect(adds).toHaveLength(1);
});

it('leaves a graph whose combinations spare nothing as it is', () => {
  const outputs = { out: relu(add(mul(x, scale), ofPlanes)), total: sum(add(x, y)) };
  expect(optimise(outputs).out).toEqual(outputs.out);
});

const combination = fc.letrec<{ node: Expr }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(x, y),
    tie('node').map(neg),
    fc.tuple(tie('node'), fc.constantFrom(scale, ofPlanes)).map(([a, s]) => mul(a, s)),
    fc.tuple(tie('node'), fc.constantFrom(scale, ofPlanes)).map(([a, s]) => sub(s, a)),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => add(a, b)),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => sub(a, b)),
  ),
})).node;

it('gives the same numbers for any combinations, their sums and their inner products', async () => {
  await fc.assert(
    fc.asyncProperty(combination, combination, async (a, b) => {
      const axes = [2, 3];
      const outputs = { read: relu(a), total: sum(b, { axes }), inner: sum(mul(a, b), { axes, keepDims: true }) };
      await expectSame(outputs, gathered(outputs));
    }),
    { numRuns: 25 },
  );
});
