/**
 * Convolution and its adjoints in either argument. The three are one trilinear form ⟨conv(x, w), g⟩ read in three ways,
 * so their derivatives are one another: no further operation is ever needed.
 */
import type { Attrs, Expr } from '../expr.ts';
import { type Shape, sizeOf } from '../tensor.ts';
import {
  type ConvOptions,
  conv2d as convolved,
  conv2dFilterGrad as filterGrad,
  conv2dInputGrad as inputGrad,
} from './builders.ts';
import { at, type OpDefinition, type OpFamily, reject, requireFloat } from './definition.ts';
import { asFloat64 } from './float64.ts';
import { tensorOf } from './layout.ts';
import { type ConvGeometry, convGeometry, eachRun, images, type Pair, pairAttr, windowCounts } from './window.ts';

function optionsOf(attrs: Attrs): Required<ConvOptions> {
  return convGeometry(attrs);
}

function spaceOf(x: Expr): Pair {
  const [, , height, width] = images(x.shape);
  return [height, width];
}

/** What all three share: of x [N, C, H, W], w [O, C/groups, kh, kw], g [N, O, …], two are given, one follows. */
function requireChannels(channels: number, out: number, perGroup: number, groups: number): void {
  if (perGroup * groups !== channels) reject(`${channels} channels are not ${groups} groups of ${perGroup}`);
  if (out % groups !== 0) reject(`${out} filters are no equal share for ${groups} groups`);
}

function requireWindows(windows: Pair, g: Expr): void {
  const [rows, columns] = spaceOf(g);
  if (windows[0] !== rows || windows[1] !== columns) reject(`[${windows}] windows do not meet [${rows},${columns}]`);
}

interface Extents {
  readonly x: Shape;
  readonly w: Shape;
  readonly g: Shape;
}

/** Visits every run of products x·w·g: offsets of the first pixel, the weight and the first window, and the count. */
function eachProduct(
  { x, w, g }: Extents,
  geometry: ConvGeometry,
  visit: (pixel: number, weight: number, window: number, count: number) => void,
): void {
  const [count, channels, height, width] = images(x);
  const [out, perGroup, kh, kw] = images(w);
  const windows: Pair = [g[2]!, g[3]!];
  const outPerGroup = out / geometry.groups;
  for (let o = 0; o < out; o++) {
    const firstChannel = Math.floor(o / outPerGroup) * perGroup;
    for (let c = 0; c < perGroup; c++) {
      for (let ky = 0; ky < kh; ky++) {
        for (let kx = 0; kx < kw; kx++) {
          const weight = ((o * perGroup + c) * kh + ky) * kw + kx;
          eachRun([height, width], windows, geometry, [ky, kx], (pixel, window, length) => {
            for (let n = 0; n < count; n++) {
              const plane = (n * channels + firstChannel + c) * height * width;
              visit(plane + pixel, weight, (n * out + o) * windows[0] * windows[1] + window, length);
            }
          });
        }
      }
    }
  }
}

const conv2d: OpDefinition = {
  arity: 2,
  infer(inputs, attrs) {
    requireFloat(inputs);
    const [x, w] = [at(inputs, 0), at(inputs, 1)];
    const geometry = convGeometry(attrs);
    const [count, channels] = images(x.shape);
    const [out, perGroup] = images(w.shape);
    requireChannels(channels, out, perGroup, geometry.groups);
    return { shape: [count, out, ...windowCounts(spaceOf(x), spaceOf(w), geometry)], dtype: 'float' };
  },
  derivative(node, g, index) {
    const [x, w] = [at(node.inputs, 0), at(node.inputs, 1)];
    const options = optionsOf(node.attrs);
    if (index === 0) return inputGrad(g, w, { ...options, inputSize: spaceOf(x) });
    return filterGrad(x, g, { ...options, kernelSize: spaceOf(w) });
  },
  evaluate(inputs, attrs, out) {
    const [x, w] = [at(inputs, 0), at(inputs, 1)];
    const [pixels, weights] = [asFloat64(x), asFloat64(w)];
    const geometry = convGeometry(attrs);
    const result = new Float64Array(sizeOf(out.shape));
    const step = geometry.strides[1];
    eachProduct({ x: x.shape, w: w.shape, g: out.shape }, geometry, (pixel, weight, window, count) => {
      const factor = weights[weight]!;
      for (let i = 0; i < count; i++) result[window + i]! += factor * pixels[pixel + i * step]!;
    });
    return tensorOf(out, result);
  },
};

const conv2dInputGrad: OpDefinition = {
  arity: 2,
  infer(inputs, attrs) {
    requireFloat(inputs);
    const [g, w] = [at(inputs, 0), at(inputs, 1)];
    const geometry = convGeometry(attrs);
    const [count, gradChannels] = images(g.shape);
    const [out, perGroup] = images(w.shape);
    if (gradChannels !== out) reject(`${gradChannels} channels of the gradient are not ${out} filters`);
    requireChannels(perGroup * geometry.groups, out, perGroup, geometry.groups);
    const inputSize = pairAttr(attrs, 'inputSize', 0);
    requireWindows(windowCounts(inputSize, spaceOf(w), geometry), g);
    return { shape: [count, perGroup * geometry.groups, ...inputSize], dtype: 'float' };
  },
  derivative(node, x, index) {
    const [g, w] = [at(node.inputs, 0), at(node.inputs, 1)];
    const options = optionsOf(node.attrs);
    return index === 0 ? convolved(x, w, options) : filterGrad(x, g, { ...options, kernelSize: spaceOf(w) });
  },
  evaluate(inputs, attrs, out) {
    const [g, w] = [at(inputs, 0), at(inputs, 1)];
    const [gradients, weights] = [asFloat64(g), asFloat64(w)];
    const geometry = convGeometry(attrs);
    const result = new Float64Array(sizeOf(out.shape));
    const step = geometry.strides[1];
    eachProduct({ x: out.shape, w: w.shape, g: g.shape }, geometry, (pixel, weight, window, count) => {
      const factor = weights[weight]!;
      for (let i = 0; i < count; i++) result[pixel + i * step]! += factor * gradients[window + i]!;
    });
    return tensorOf(out, result);
  },
};

const conv2dFilterGrad: OpDefinition = {
  arity: 2,
  infer(inputs, attrs) {
    requireFloat(inputs);
    const [x, g] = [at(inputs, 0), at(inputs, 1)];
    const geometry = convGeometry(attrs);
    const [count, channels] = images(x.shape);
    const [gradCount, out] = images(g.shape);
    if (gradCount !== count) reject(`${gradCount} gradients do not meet ${count} images`);
    const perGroup = channels / geometry.groups;
    requireChannels(channels, out, Math.floor(perGroup), geometry.groups);
    const kernelSize = pairAttr(attrs, 'kernelSize', 1);
    requireWindows(windowCounts(spaceOf(x), kernelSize, geometry), g);
    return { shape: [out, perGroup, ...kernelSize], dtype: 'float' };
  },
  derivative(node, w, index) {
    const [x, g] = [at(node.inputs, 0), at(node.inputs, 1)];
    const options = optionsOf(node.attrs);
    return index === 0 ? inputGrad(g, w, { ...options, inputSize: spaceOf(x) }) : convolved(x, w, options);
  },
  evaluate(inputs, attrs, out) {
    const [x, g] = [at(inputs, 0), at(inputs, 1)];
    const [pixels, gradients] = [asFloat64(x), asFloat64(g)];
    const geometry = convGeometry(attrs);
    const result = new Float64Array(sizeOf(out.shape));
    const step = geometry.strides[1];
    eachProduct({ x: x.shape, w: out.shape, g: g.shape }, geometry, (pixel, weight, window, count) => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += pixels[pixel + i * step]! * gradients[window + i]!;
      result[weight]! += sum;
    });
    return tensorOf(out, result);
  },
};

export const convolution: OpFamily = { conv2d, conv2dInputGrad, conv2dFilterGrad };
