/** Means and maxima of windows, and their adjoints. Padding counts in a mean and never is a maximum. */
import type { Attrs, Expr } from '../expr.ts';
import { type Shape, sizeOf, type Tensor } from '../tensor.ts';
import {
  avgPool as averaged,
  avgPoolGrad as averageGrad,
  maxPoolGrad as maximaGrad,
  maxPoolPick as maximaPick,
  type PoolOptions,
} from './builders.ts';
import { at, type OpDefinition, type OpFamily, reject, requireFloat, sameShape } from './definition.ts';
import { asFloat64 } from './float64.ts';
import { tensorOf } from './layout.ts';
import { eachRun, images, type Pair, pairAttr, poolGeometry, windowCounts } from './window.ts';

function optionsOf(attrs: Attrs): PoolOptions {
  const { size, strides, padding } = poolGeometry(attrs);
  return { size, strides, padding };
}

function pooledShape(shape: Shape, attrs: Attrs): Shape {
  const geometry = poolGeometry(attrs);
  const [count, channels, height, width] = images(shape);
  return [count, channels, ...windowCounts([height, width], geometry.size, geometry)];
}

/** Every pair of a pixel and a window that sees it, in the order of the kernel: offsets in the two tensors. */
function eachPair(x: Shape, windows: Shape, attrs: Attrs, visit: (pixel: number, window: number) => void): void {
  const geometry = poolGeometry(attrs);
  const [count, channels, height, width] = images(x);
  const space: Pair = [windows[2]!, windows[3]!];
  for (let ky = 0; ky < geometry.size[0]; ky++) {
    for (let kx = 0; kx < geometry.size[1]; kx++) {
      eachRun([height, width], space, geometry, [ky, kx], (pixel, window, length) => {
        for (let plane = 0; plane < count * channels; plane++) {
          const [from, to] = [plane * height * width + pixel, plane * space[0] * space[1] + window];
          for (let i = 0; i < length; i++) visit(from + i * geometry.strides[1], to + i);
        }
      });
    }
  }
}

const avgPool: OpDefinition = {
  arity: 1,
  infer(inputs, attrs) {
    requireFloat(inputs);
    return { shape: pooledShape(at(inputs, 0).shape, attrs), dtype: 'float' };
  },
  derivative(node, g) {
    const [, , height, width] = images(at(node.inputs, 0).shape);
    return averageGrad(g, { ...optionsOf(node.attrs), inputSize: [height, width] });
  },
  evaluate(inputs, attrs, out) {
    const x = at(inputs, 0);
    const pixels = asFloat64(x);
    const result = new Float64Array(sizeOf(out.shape));
    const share = 1 / sizeOf(poolGeometry(attrs).size);
    eachPair(x.shape, out.shape, attrs, (pixel, window) => {
      result[window]! += pixels[pixel]! * share;
    });
    return tensorOf(out, result);
  },
};

const avgPoolGrad: OpDefinition = {
  arity: 1,
  infer(inputs, attrs) {
    requireFloat(inputs);
    const g = at(inputs, 0).shape;
    const [count, channels] = images(g);
    const shape = [count, channels, ...pairAttr(attrs, 'inputSize', 0)];
    if (!sameShape(pooledShape(shape, attrs), g)) reject(`windows over [${shape.slice(2)}] do not meet the gradient`);
    return { shape, dtype: 'float' };
  },
  derivative: (node, g) => averaged(g, optionsOf(node.attrs)),
  evaluate(inputs, attrs, out) {
    const g = at(inputs, 0);
    const gradients = asFloat64(g);
    const result = new Float64Array(sizeOf(out.shape));
    const share = 1 / sizeOf(poolGeometry(attrs).size);
    eachPair(out.shape, g.shape, attrs, (pixel, window) => {
      result[pixel]! += gradients[window]! * share;
    });
    return tensorOf(out, result);
  },
};

/** For every window the offset of its maximum in x, the first of equals. */
function maxima(x: Tensor, windows: Shape, attrs: Attrs): Int32Array {
  const pixels = asFloat64(x);
  const positions = new Int32Array(sizeOf(windows)).fill(-1);
  eachPair(x.shape, windows, attrs, (pixel, window) => {
    const best = positions[window]!;
    if (best < 0 || pixels[pixel]! > pixels[best]!) positions[window] = pixel;
  });
  return positions;
}

const maxPool: OpDefinition = {
  arity: 1,
  infer: avgPool.infer,
  derivative: (node, g) => maximaGrad(at(node.inputs, 0), g, optionsOf(node.attrs)),
  evaluate(inputs, attrs, out) {
    const x = at(inputs, 0);
    const pixels = asFloat64(x);
    const positions = maxima(x, out.shape, attrs);
    return tensorOf(
      out,
      Float64Array.from(positions, (position) => pixels[position]!),
    );
  },
};

const maxPoolGrad: OpDefinition = {
  arity: 2,
  infer(inputs, attrs) {
    requireFloat(inputs);
    const { shape } = at(inputs, 0);
    if (!sameShape(pooledShape(shape, attrs), at(inputs, 1).shape)) reject('the windows do not meet the gradient');
    return { shape, dtype: 'float' };
  },
  // In x the choice of the maxima is constant almost everywhere.
  derivative(node, g, index) {
    return index === 0 ? undefined : maximaPick(at(node.inputs, 0), g, optionsOf(node.attrs));
  },
  evaluate(inputs, attrs, out) {
    const [x, g] = [at(inputs, 0), at(inputs, 1)];
    const gradients = asFloat64(g);
    const result = new Float64Array(sizeOf(out.shape));
    for (const [window, position] of maxima(x, g.shape, attrs).entries()) result[position]! += gradients[window]!;
    return tensorOf(out, result);
  },
};

const maxPoolPick: OpDefinition = {
  arity: 2,
  infer(inputs: readonly Expr[], attrs) {
    requireFloat(inputs);
    const { shape } = at(inputs, 0);
    if (!sameShape(shape, at(inputs, 1).shape)) reject('the two differ in shape');
    return { shape: pooledShape(shape, attrs), dtype: 'float' };
  },
  derivative(node, g, index) {
    return index === 0 ? undefined : maximaGrad(at(node.inputs, 0), g, optionsOf(node.attrs));
  },
  evaluate(inputs, attrs, out) {
    const [x, v] = [at(inputs, 0), at(inputs, 1)];
    const values = asFloat64(v);
    const positions = maxima(x, out.shape, attrs);
    return tensorOf(
      out,
      Float64Array.from(positions, (position) => values[position]!),
    );
  },
};

export const pooling: OpFamily = { avgPool, avgPoolGrad, maxPool, maxPoolGrad, maxPoolPick };
