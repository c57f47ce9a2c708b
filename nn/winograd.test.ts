/** Against the convolution itself, on even and odd sides, in float64 and on the native backend. */
import { expect, it } from 'vitest';
import { compile } from '../tensor/compile/compile.ts';
import { constant, type Expr, input } from '../tensor/expr.ts';
import { gradient } from '../tensor/gradient.ts';
import { conv2d, mul, sum } from '../tensor/ops/index.ts';
import { randomStream } from '../tensor/random/stream.ts';
import { floats, sizeOf } from '../tensor/tensor.ts';
import { backendFor } from '../test/rig/stage-runs.ts';
import { winogradConvolution } from './winograd.ts';

const drawn = (step: number, shape: readonly number[]) =>
  floats(Float32Array.from(randomStream({ base: 3 }, 'winograd').normal(step, sizeOf(shape))), [...shape]);

it.each([
  ['reference', 4, 4, 11],
  ['reference', 7, 5, 11],
  ['onnxruntime', 8, 8, 4],
  ['onnxruntime', 7, 6, 4],
])('is the convolution (%s, %i x %i)', async (backend, height, width, digits) => {
  const images = input('images', [2, 3, height, width]);
  const filters = drawn(1, [5, 3, 3, 3]);
  const plain = conv2d(images, constant(filters), { strides: [1, 1], padding: [1, 1, 1, 1] });
  const [adjoint] = gradient(sum(mul(plain, input('g', plain.shape))), [images]) as [Expr];
  const fastAdjoint = winogradConvolution(input('g', plain.shape), constant(filters), { adjoint: true });
  const outputs = { plain, adjoint, fast: winogradConvolution(images, constant(filters)), fastAdjoint };
  const program = await compile(await backendFor(backend), outputs);
  const feeds = { images: drawn(2, images.shape), g: drawn(3, plain.shape) };
  const made = await program.run(feeds);
  program.dispose();
  for (const [wanted, found] of [
    [made.plain!, made.fast!],
    [made.adjoint!, made.fastAdjoint!],
  ] as const) {
    expect(found.shape).toEqual(wanted.shape);
    for (const [at, value] of wanted.data.entries()) expect(found.data[at]!).toBeCloseTo(value, digits);
  }
});
