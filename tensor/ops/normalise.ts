/**
 * Rows brought to mean 0 and variance 1. With r = 1/√(var + eps) and y = (x - mean)·r the adjoints are
 *   normalize:         r·g - y·(r·mean(g·y)) - r·mean(g)
 *   inverseDeviation:  -g·r²/count · y
 * Each reads y and r again instead of taking the forward pass apart (backends get both from one pass over x), goes over
 * x's shape a few times only, and is differentiable itself.
 */
import type { Attrs, Expr } from '../expr.ts';
import { type Shape, sizeOf } from '../tensor.ts';
import { axesAttr, numberAttr } from './attrs.ts';
import { inverseDeviation, normalize as normalized } from './builders.ts';
import { mean } from './composites.ts';
import { at, type OpDefinition, type OpFamily, reject, requireFloat } from './definition.ts';
import { add, mul, neg, square } from './elementwise-builders.ts';
import { asFloat64 } from './float64.ts';
import { rowsOf, tensorOf } from './layout.ts';

/** Axes and eps of either operation. */
function inferRows(inputs: readonly Expr[], attrs: Attrs): { shape: Shape; axes: readonly number[] } {
  requireFloat(inputs);
  const { shape } = at(inputs, 0);
  const axes = axesAttr(attrs, shape);
  if (axes.length === 0 || axes.some((axis) => shape[axis] === 0)) reject('nothing has no mean');
  if (!(numberAttr(attrs, 'eps') > 0)) reject(`eps has to be positive, got ${attrs.eps}`);
  return { shape, axes };
}

function optionsOf({ attrs, inputs }: Expr): { axes: readonly number[]; eps: number } {
  return { axes: axesAttr(attrs, at(inputs, 0).shape), eps: numberAttr(attrs, 'eps') };
}

/** Mean and inverse deviation of the elements at `offsets` from `start` on. */
function statistics(
  x: Float64Array,
  start: number,
  offsets: Int32Array,
  eps: number,
): { middle: number; scale: number } {
  let total = 0;
  for (const offset of offsets) total += x[start + offset]!;
  const middle = total / offsets.length;
  let squares = 0;
  for (const offset of offsets) squares += (x[start + offset]! - middle) ** 2;
  return { middle, scale: 1 / Math.sqrt(squares / offsets.length + eps) };
}

const normalize: OpDefinition = {
  arity: 1,
  infer: (inputs, attrs) => ({ shape: inferRows(inputs, attrs).shape, dtype: 'float' }),
  derivative(node, g) {
    const options = optionsOf(node);
    const overRows = { axes: options.axes, keepDims: true };
    // The signs are on the factors of rows, so that no pass over all of x is spent on them, here or one order higher.
    const scale = inverseDeviation(at(node.inputs, 0), options);
    const opposite = neg(scale);
    const along = mul(node, mul(mean(mul(g, node), overRows), opposite));
    return add(add(mul(g, scale), along), mul(mean(g, overRows), opposite));
  },
  evaluate(inputs, attrs, out) {
    const x = asFloat64(at(inputs, 0));
    const { starts, elements } = rowsOf(out.shape, axesAttr(attrs, out.shape));
    const result = new Float64Array(x.length);
    for (const start of starts) {
      const { middle, scale } = statistics(x, start, elements, numberAttr(attrs, 'eps'));
      for (const offset of elements) result[start + offset] = (x[start + offset]! - middle) * scale;
    }
    return tensorOf(out, result);
  },
};

const inverseDeviation_: OpDefinition = {
  arity: 1,
  infer(inputs, attrs) {
    const { shape, axes } = inferRows(inputs, attrs);
    return { shape: shape.map((length, axis) => (axes.includes(axis) ? 1 : length)), dtype: 'float' };
  },
  derivative(node, g) {
    const x = at(node.inputs, 0);
    const options = optionsOf(node);
    const count = sizeOf(options.axes.map((axis) => at(x.shape, axis)));
    return mul(normalized(x, options), mul(mul(g, -1 / count), square(node)));
  },
  evaluate(inputs, attrs, out) {
    const x = at(inputs, 0);
    const values = asFloat64(x);
    const { starts, elements } = rowsOf(x.shape, axesAttr(attrs, x.shape));
    const eps = numberAttr(attrs, 'eps');
    return tensorOf(
      out,
      Float64Array.from(starts, (start) => statistics(values, start, elements, eps).scale),
    );
  },
};

export const normalisation: OpFamily = { normalize, inverseDeviation: inverseDeviation_ };
