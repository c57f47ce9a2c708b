import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openReference } from '../backends/reference/backend.ts';
import { constant, type Expr, input } from '../expr.ts';
import { gradient } from '../gradient.ts';
import { caseGraph, opCases } from '../ops/cases.ts';
import {
  add,
  broadcastTo,
  div,
  mul,
  neg,
  normalize,
  pad,
  relu,
  reshape,
  sub,
  sum,
  tanh,
  transpose,
} from '../ops/index.ts';
import { floats, type Tensor } from '../tensor.ts';
import { inTopologicalOrder } from '../topological.ts';
import { optimise } from './optimise.ts';

const x = input('x', [2, 3]);
const y = input('y', [2, 3]);

function optimised(expr: Expr): Expr {
  return optimise({ out: expr }).out as Expr;
}

function count(...outputs: Expr[]): number {
  return inTopologicalOrder(outputs).length;
}

it('merges equal nodes, also through different objects', () => {
  const both = optimise({ a: tanh(add(x, y)), b: tanh(add(x, y)) });
  expect(both.a).toBe(both.b);
  expect(count(both.a as Expr)).toBe(4);
});

it('drops what no output needs and does nothing to what is needed', () => {
  const kept = mul(x, y);
  expect(optimise({ kept }).kept).toEqual(kept);
});

it('folds constants', () => {
  const folded = optimised(mul(x, add(constant(2), constant(3))));
  expect(folded.inputs[1]?.value?.data).toEqual(Float64Array.of(5));
});

it.each<[string, Expr, Expr]>([
  ['x * 1', mul(x, 1), x],
  ['0 + x', add(0, x), x],
  ['x - 0', sub(x, 0), x],
  ['x / 1', div(x, 1), x],
  ['a scale of ones', mul(x, constant(floats([1, 1, 1], [1, 3]))), x],
  ['a shift of zeros', add(constant(floats([0, 0], [2, 1])), x), x],
  ['-(-x)', neg(neg(x)), x],
  ['a reshape undone', reshape(reshape(x, [6]), [2, 3]), x],
  ['a transpose undone', transpose(transpose(x, [1, 0]), [1, 0]), x],
  ['a broadcast to its own shape', broadcastTo(x, [2, 3]), x],
  ['factors joined', mul(mul(x, 2), 3), mul(x, 6)],
  [
    'an operand that need not be broadcast',
    mul(broadcastTo(input('r', [1, 3]), [2, 3]), x),
    mul(input('r', [1, 3]), x),
  ],
  [
    'a shift before a normalisation',
    normalize(add(x, input('b', [2, 1])), { axes: [1], eps: 1e-5 }),
    normalize(x, { axes: [1], eps: 1e-5 }),
  ],
])('simplifies %s', (_, expr, simple) => {
  const difference = optimise({ got: expr, want: simple });
  expect(difference.got).toBe(difference.want);
});

it('keeps where a node was built', () => {
  const built = tanh(add(x, 0));
  expect(optimised(built).origin).toBe(built.origin);
  expect(built.origin).toMatch(/optimise\.test\.ts:\d+/);
});

/** Graphs over x and y of shape [2, 3]. */
const graphs: fc.Arbitrary<Expr> = fc.letrec<{ expr: Expr }>((tie) => ({
  expr: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.constantFrom(x, y, constant(1), constant(0), constant(-2)),
    tie('expr').map(neg),
    tie('expr').map(relu),
    tie('expr').map((a) => (a.shape.length === 0 ? a : transpose(transpose(a, [1, 0]), [1, 0]))),
    tie('expr').map((a) => (a.shape.length === 0 ? a : reshape(reshape(a, [6]), [2, 3]))),
    fc.tuple(tie('expr'), tie('expr')).map(([a, b]) => add(a, b)),
    fc.tuple(tie('expr'), tie('expr')).map(([a, b]) => sub(a, b)),
    fc.tuple(tie('expr'), tie('expr')).map(([a, b]) => mul(a, b)),
  ),
})).expr;

it('changes no result, on random graphs and their gradients', async () => {
  const feeds: Record<string, Tensor> = {
    x: floats(Float64Array.of(0.5, -1.25, 2, 0.125, -3, 1), [2, 3]),
    y: floats(Float64Array.of(-0.75, 1.5, 0.25, -2, 1, 4), [2, 3]),
  };
  const backend = openReference();
  await fc.assert(
    fc.asyncProperty(graphs, async (graph) => {
      const outputs = { graph, gradient: gradient(sum(graph), [x])[0] as Expr };
      const plain = await (await backend.prepare({ outputs })).run(feeds);
      const fast = await (await backend.prepare({ outputs: optimise(outputs) })).run(feeds);
      for (const name of ['graph', 'gradient'] as const) {
        expect(fast[name]?.shape).toEqual(plain[name]?.shape);
        // Zeros may change their sign, sums their last bit.
        for (const [index, value] of (plain[name]?.data ?? []).entries())
          expect(fast[name]?.data[index]).toBeCloseTo(value + 0, 9);
      }
    }),
  );
});

it.each(opCases)('changes no result of the case $name', async (opCase) => {
  const { value, slopes, feeds } = caseGraph(opCase);
  const outputs = { value, ...Object.fromEntries(slopes.map((slope, order) => [`slope${order}`, slope])) };
  const backend = openReference();
  const plain = await (await backend.prepare({ outputs })).run(feeds);
  const fast = await (await backend.prepare({ outputs: optimise(outputs) })).run(feeds);
  for (const name of Object.keys(outputs)) {
    expect({ ...fast[name], data: null }).toEqual({ ...plain[name], data: null });
    const largest = Math.max(1, ...Array.from(plain[name]?.data ?? [], Math.abs));
    for (const [index, want] of (plain[name]?.data ?? []).entries())
      expect(Math.abs((fast[name]?.data[index] ?? Number.NaN) - want) / largest).toBeLessThan(1e-10);
  }
});

const images = input('images', [2, 3, 4, 4]);
const [byChannel, byPlane] = [input('c', [1, 3, 1, 1]), input('p', [2, 3, 1, 1])];
const ofPlanes = { axes: [2, 3], keepDims: true };

it.each<[string, Expr, Expr]>([
  ['small factors of a large product', mul(mul(images, byChannel), byPlane), mul(images, mul(byChannel, byPlane))],
  ['a factor of a sum', sum(mul(byPlane, images), ofPlanes), mul(sum(images, ofPlanes), byPlane)],
  [
    'a factor inside a product that is summed',
    sum(mul(mul(images, byChannel), images), ofPlanes),
    mul(sum(mul(images, images), ofPlanes), byChannel),
  ],
  [
    'a sum over pixels and images, with a factor of each plane',
    sum(mul(images, byPlane), { axes: [0, 2, 3], keepDims: true }),
    sum(mul(sum(images, ofPlanes), byPlane), { axes: [0], keepDims: true }),
  ],
  ['a sum over pixels and images', sum(images, { axes: [0, 2, 3] }), sum(sum(images, { axes: [2, 3] }), { axes: [0] })],
])('gathers %s', (_, expr, simple) => {
  const { got, want } = optimise({ got: expr, want: simple });
  const unshaped = (node: Expr | undefined) => (node?.op === 'reshape' ? node.inputs[0] : node);
  expect(inTopologicalOrder([unshaped(got) as Expr]).map(({ op }) => op)).toEqual(
    inTopologicalOrder([unshaped(want) as Expr]).map(({ op }) => op),
  );
  expect(got?.shape).toEqual(expr.shape);
});

it('keeps a shift that differs among the elements that are normalised together', () => {
  const shifted = normalize(add(x, input('b', [1, 3])), { axes: [1], eps: 1e-5 });
  expect(optimised(shifted)).toEqual(shifted);
});

it('keeps the shape where a factor stretches it', () => {
  const stretched = mul(mul(input('v', [3]), constant(floats([2], [1, 1]))), 3);
  expect(optimised(stretched).shape).toEqual([1, 3]);
});

it('joins no factors whose product float32 cannot hold', () => {
  const tiny = optimised(mul(mul(x, 1e-30), 1e-30));
  expect(tiny.inputs[0]?.op).toBe('mul');
});

it('tells paddings of -∞, ∞ and -0 apart', () => {
  const padded = (value: number) => pad(x, { low: [1, 0], high: [0, 0], value });
  const outputs = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0, -0].map((value) => padded(value));
  const merged = optimise(Object.fromEntries(outputs.map((expr, index) => [`out${index}`, expr])));
  expect(new Set(Object.values(merged)).size).toBe(4);
});

it('merges sums and products whatever the order of their operands', () => {
  const { a, b, c, d } = optimise({ a: add(x, y), b: add(y, x), c: sub(x, y), d: sub(y, x) });
  expect(a).toBe(b);
  expect(c).not.toBe(d);
});

it('refuses inputs of one name and different shapes', () => {
  expect(() => optimise({ a: x, b: input('x', [3]) })).toThrow('The input x is both float [2, 3] and float [3]');
});

it('costs as the graph grows, at any depth', () => {
  const chain = (length: number): Expr => {
    let value: Expr = x;
    for (let step = 0; step < length; step++) value = tanh(add(value, y));
    return value;
  };
  expect(count(optimised(chain(20_000)))).toBe(40_002);
});
