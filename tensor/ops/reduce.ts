/** Results over whole axes: sums, extremes, their positions, cumulative sums. */
import { constant, type Expr } from '../expr.ts';
import { ints, type Shape, sizeOf, type Tensor } from '../tensor.ts';
import { withAxes } from './adjoint.ts';
import { axesAttr, axisAttr, flagAttr, numberAttr } from './attrs.ts';
import { argMax, broadcastTo, cumsum, reshape, transpose } from './builders.ts';
import { at, commonDType, type OpDefinition, type OpFamily, reject } from './definition.ts';
import { cast, eq, mul, neg } from './elementwise-builders.ts';
import { allocate, around, rowsOf, tensorOf } from './layout.ts';

const inferReduced =
  (ofNothing: boolean): OpDefinition['infer'] =>
  (inputs, attrs) => {
    const { shape } = at(inputs, 0);
    const dtype = commonDType(inputs, ['float', 'int']);
    const axes = axesAttr(attrs, shape);
    if (!ofNothing && axes.some((axis) => shape[axis] === 0)) reject('nothing has no largest or smallest');
    if (flagAttr(attrs, 'keepDims')) return { shape: shape.map((n, axis) => (axes.includes(axis) ? 1 : n)), dtype };
    return { shape: shape.filter((_, axis) => !axes.includes(axis)), dtype };
  };

function fold(first: number | undefined, combine: (sum: number, x: number) => number): OpDefinition['evaluate'] {
  return (inputs, attrs, out) => {
    const x = at(inputs, 0);
    const { starts, elements } = rowsOf(x.shape, axesAttr(attrs, x.shape));
    const result = allocate(out);
    for (const [row, start] of starts.entries()) {
      let value = first ?? x.data[start]!;
      for (let index = 0; index < elements.length; index++) value = combine(value, x.data[start + elements[index]!]!);
      result[row] = value;
    }
    return tensorOf(out, result);
  };
}

const sum: OpDefinition = {
  arity: 1,
  infer: inferReduced(true),
  derivative(node, g) {
    const { shape } = at(node.inputs, 0);
    return broadcastTo(withAxes(g, shape, axesAttr(node.attrs, shape)), shape);
  },
  evaluate: fold(0, (total, x) => total + x),
};

/** 1 at the first of the largest over `axes`, in row-major order, else 0; in x's shape. */
function firstMaximum(x: Expr, axes: readonly number[]): Expr {
  const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const sorted = [...axes].sort((a, b) => a - b);
  const perm = [...kept, ...sorted];
  const length = sizeOf(sorted.map((axis) => at(x.shape, axis)));
  const keptShape = kept.map((axis) => at(x.shape, axis));
  const rows = reshape(transpose(x, perm), [...keptShape, length]);
  const first = reshape(argMax(rows), [...keptShape, 1]);
  const positions = constant(
    ints(
      Array.from({ length }, (_, index) => index),
      [length],
    ),
  );
  const mask = reshape(
    cast(eq(first, positions), 'float'),
    perm.map((axis) => at(x.shape, axis)),
  );
  return transpose(
    mask,
    perm.map((_, axis) => perm.indexOf(axis)),
  );
}

const extreme = (combine: (a: number, b: number) => number, turned: (x: Expr) => Expr): OpDefinition => ({
  arity: 1,
  infer: inferReduced(false),
  derivative(node, g) {
    const x = at(node.inputs, 0);
    const axes = axesAttr(node.attrs, x.shape);
    return mul(withAxes(g, x.shape, axes), firstMaximum(turned(x), axes));
  },
  evaluate: fold(undefined, combine),
});

function inferAlong(inputs: readonly Expr[], attrs: Expr['attrs']): { axis: number; shape: Shape } {
  commonDType(inputs, ['float', 'int']);
  const { shape } = at(inputs, 0);
  return { axis: axisAttr(attrs, shape), shape };
}

/** Positions of the `k` largest of each row along `axis`, written with their own axis in the place of it. */
function largest(x: Tensor, axis: number, k: number, result: Tensor['data']): void {
  const [before, length, after] = around(x.shape, axis);
  for (let outer = 0; outer < before; outer++) {
    for (let inner = 0; inner < after; inner++) {
      const value = (index: number) => x.data[(outer * length + index) * after + inner]!;
      const taken = k === 1 ? [firstLargest(value, length)] : descending(value, length).slice(0, k);
      for (const [rank, index] of taken.entries()) result[(outer * k + rank) * after + inner] = index;
    }
  }
}

function firstLargest(value: (index: number) => number, length: number): number {
  let best = 0;
  for (let index = 1; index < length; index++) if (value(index) > value(best)) best = index;
  return best;
}

/** `sort` is stable: the first of equals stays first. */
function descending(value: (index: number) => number, length: number): number[] {
  return Array.from({ length }, (_, index) => index).sort((a, b) => value(b) - value(a));
}

const argMaximum: OpDefinition = {
  arity: 1,
  infer(inputs, attrs) {
    const { axis, shape } = inferAlong(inputs, attrs);
    if (shape[axis] === 0) reject('nothing has no largest');
    return { shape: shape.filter((_, other) => other !== axis), dtype: 'int' };
  },
  derivative: () => undefined,
  evaluate(inputs, attrs, out) {
    const x = at(inputs, 0);
    const result = allocate(out);
    largest(x, axisAttr(attrs, x.shape), 1, result);
    return tensorOf(out, result);
  },
};

const topKIndices: OpDefinition = {
  arity: 1,
  infer(inputs, attrs) {
    const { axis, shape } = inferAlong(inputs, attrs);
    const k = numberAttr(attrs, 'k');
    if (!Number.isInteger(k) || k < 1 || k > at(shape, axis)) reject(`k = ${k} is not in 1..${shape[axis]}`);
    return { shape: shape.map((length, other) => (other === axis ? k : length)), dtype: 'int' };
  },
  derivative: () => undefined,
  evaluate(inputs, attrs, out) {
    const x = at(inputs, 0);
    const result = allocate(out);
    largest(x, axisAttr(attrs, x.shape), numberAttr(attrs, 'k'), result);
    return tensorOf(out, result);
  },
};

const cumulative: OpDefinition = {
  arity: 1,
  infer(inputs, attrs) {
    return { shape: inferAlong(inputs, attrs).shape, dtype: at(inputs, 0).dtype };
  },
  derivative: (node, g) => cumsum(g, numberAttr(node.attrs, 'axis'), { reverse: !flagAttr(node.attrs, 'reverse') }),
  evaluate(inputs, attrs, out) {
    const x = at(inputs, 0);
    const [before, length, after] = around(x.shape, axisAttr(attrs, x.shape));
    const backwards = flagAttr(attrs, 'reverse');
    const result = allocate(out);
    for (let outer = 0; outer < before; outer++) {
      for (let inner = 0; inner < after; inner++) {
        let total = 0;
        for (let step = 0; step < length; step++) {
          const offset = (outer * length + (backwards ? length - 1 - step : step)) * after + inner;
          total += x.data[offset]!;
          result[offset] = total;
        }
      }
    }
    return tensorOf(out, result);
  },
};

export const reduce: OpFamily = {
  sum,
  reduceMax: extreme(Math.max, (x) => x),
  reduceMin: extreme(Math.min, (x) => neg(x)),
  argMax: argMaximum,
  topKIndices,
  cumsum: cumulative,
};
