/**
 * Bilinear sampling at given points and its adjoint in the pictures. Both are linear in the pictures. In a coordinate
 * they are linear between pixels, so the slope in the row at (r, c) is the difference of the samples at (⌊r⌋ + 1, c)
 * and (⌊r⌋, c): sampling again, at points that do not move with r.
 */
import type { Expr } from '../expr.ts';
import { sizeOf, type Tensor } from '../tensor.ts';
import { concat, reshape, gridSample as sampled, gridSampleGrad as sampledGrad, sum } from './builders.ts';
import { sliceAlong, stack } from './composites.ts';
import { at, type OpDefinition, type OpFamily, reject, requireFloat } from './definition.ts';
import { add, floor, mul, sub } from './elementwise-builders.ts';
import { asFloat64 } from './float64.ts';
import { tensorOf } from './layout.ts';
import { images, pairAttr } from './window.ts';

function requireCoords(coords: Expr, count: number): readonly [number, number] {
  const [coordsCount, rows, columns, two] = coords.shape;
  const fits = coords.shape.length === 4 && two === 2 && (coordsCount === 1 || coordsCount === count);
  if (!fits) reject(`coordinates are [${count} or 1, rows, columns, 2]`);
  return [rows ?? 0, columns ?? 0];
}

/** Cotangent of the coordinates of ⟨g, gridSample(x, coords)⟩. */
function coordinateGrad(x: Expr, coords: Expr, g: Expr): Expr {
  const parts = [sliceAlong(coords, 3, 0, 1), sliceAlong(coords, 3, 1, 1)] as const;
  const slope = (which: 0 | 1) => {
    const low = floor(parts[which]);
    const sampleAt = (position: Expr) =>
      sampled(x, concat(which === 0 ? [position, parts[1]] : [parts[0], position], 3));
    const flown = mul(g, sub(sampleAt(add(low, 1)), sampleAt(low)));
    // Over channels, and over all pictures where they share the point.
    return sum(flown, { axes: coords.shape[0] === 1 ? [0, 1] : [1] });
  };
  return reshape(stack([slope(0), slope(1)], -1), coords.shape);
}

const gridSample: OpDefinition = {
  arity: 2,
  infer(inputs) {
    requireFloat(inputs);
    const [count, channels] = images(at(inputs, 0).shape);
    return { shape: [count, channels, ...requireCoords(at(inputs, 1), count)], dtype: 'float' };
  },
  derivative(node, g, index) {
    const [x, coords] = [at(node.inputs, 0), at(node.inputs, 1)];
    const [, , height, width] = images(x.shape);
    return index === 0 ? sampledGrad(g, coords, { inputSize: [height, width] }) : coordinateGrad(x, coords, g);
  },
  evaluate(inputs, _, out) {
    const [x, coords] = [at(inputs, 0), at(inputs, 1)];
    const pixels = asFloat64(x);
    const result = new Float64Array(sizeOf(out.shape));
    eachNeighbour(x.shape, coords, out.shape, (pixel, sample, weight) => {
      result[sample]! += weight * pixels[pixel]!;
    });
    return tensorOf(out, result);
  },
};

const gridSampleGrad: OpDefinition = {
  arity: 2,
  infer(inputs, attrs) {
    requireFloat(inputs);
    const [count, channels, rows, columns] = images(at(inputs, 0).shape);
    const [down, across] = requireCoords(at(inputs, 1), count);
    if (down !== rows || across !== columns) reject('the coordinates do not meet the gradient');
    return { shape: [count, channels, ...pairAttr(attrs, 'inputSize', 0)], dtype: 'float' };
  },
  derivative(node, x, index) {
    const [g, coords] = [at(node.inputs, 0), at(node.inputs, 1)];
    return index === 0 ? sampled(x, coords) : coordinateGrad(x, coords, g);
  },
  evaluate(inputs, _, out) {
    const [g, coords] = [at(inputs, 0), at(inputs, 1)];
    const gradients = asFloat64(g);
    const result = new Float64Array(sizeOf(out.shape));
    eachNeighbour(out.shape, coords, g.shape, (pixel, sample, weight) => {
      result[pixel]! += weight * gradients[sample]!;
    });
    return tensorOf(out, result);
  },
};

/** For every sample its up to four pixels inside the picture, with their weights: offsets in the two tensors. */
function eachNeighbour(
  x: readonly number[],
  coords: Tensor,
  samples: readonly number[],
  visit: (pixel: number, sample: number, weight: number) => void,
): void {
  const [count, channels, height, width] = images(x);
  const points = samples[2]! * samples[3]!;
  const shared = coords.shape[0] === 1;
  for (let n = 0; n < count; n++) {
    for (let point = 0; point < points; point++) {
      const from = ((shared ? 0 : n) * points + point) * 2;
      const [row, column] = [coords.data[from]!, coords.data[from + 1]!];
      for (const y of [Math.floor(row), Math.floor(row) + 1]) {
        for (const z of [Math.floor(column), Math.floor(column) + 1]) {
          const weight = (1 - Math.abs(row - y)) * (1 - Math.abs(column - z));
          if (weight === 0 || y < 0 || y >= height || z < 0 || z >= width) continue;
          for (let c = 0; c < channels; c++) {
            const plane = n * channels + c;
            visit((plane * height + y) * width + z, plane * points + point, weight);
          }
        }
      }
    }
  }
}

export const sampling: OpFamily = { gridSample, gridSampleGrad };
