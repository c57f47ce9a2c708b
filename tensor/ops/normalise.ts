/**
 * Rows brought to mean 0 and variance 1. With r = 1/√(var + eps) and y = (x - mean)·r the adjoint is
 *   r · (g - mean(g) - y · mean(g·y)),
 * which reads y again instead of taking the forward pass apart, and is differentiable itself.
 */
import { axesAttr, numberAttr } from './attrs.ts';
import { mean, variance } from './composites.ts';
import { at, type OpDefinition, type OpFamily, reject, requireFloat } from './definition.ts';
import { add, mul, rsqrt, sub } from './elementwise-builders.ts';
import { asFloat64 } from './float64.ts';
import { rowsOf, tensorOf } from './layout.ts';

const normalize: OpDefinition = {
  arity: 1,
  infer(inputs, attrs) {
    requireFloat(inputs);
    const { shape } = at(inputs, 0);
    const axes = axesAttr(attrs, shape);
    if (axes.length === 0 || axes.some((axis) => shape[axis] === 0)) reject('nothing has no mean');
    if (!(numberAttr(attrs, 'eps') > 0)) reject(`eps has to be positive, got ${attrs.eps}`);
    return { shape, dtype: 'float' };
  },
  derivative(node, g) {
    const x = at(node.inputs, 0);
    const axes = axesAttr(node.attrs, x.shape);
    const overRows = { axes, keepDims: true };
    const scale = rsqrt(add(variance(x, overRows), numberAttr(node.attrs, 'eps')));
    const along = mean(mul(g, node), overRows);
    return mul(sub(sub(g, mean(g, overRows)), mul(node, along)), scale);
  },
  evaluate(inputs, attrs, out) {
    const x = asFloat64(at(inputs, 0));
    const eps = numberAttr(attrs, 'eps');
    const { starts, elements } = rowsOf(out.shape, axesAttr(attrs, out.shape));
    const result = new Float64Array(x.length);
    for (const start of starts) {
      let total = 0;
      for (const offset of elements) total += x[start + offset]!;
      const middle = total / elements.length;
      let squares = 0;
      for (const offset of elements) squares += (x[start + offset]! - middle) ** 2;
      const scale = 1 / Math.sqrt(squares / elements.length + eps);
      for (const offset of elements) result[start + offset] = (x[start + offset]! - middle) * scale;
    }
    return tensorOf(out, result);
  },
};

export const normalisation: OpFamily = { normalize };
