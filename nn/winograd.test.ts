/** Against the convolution itself, on even and odd sides, in float64 and on the native backend. */
import { expect, it } from 'vitest';
import { compile } from '../tensor/compile/compile.ts';
import { type Expr, input } from '../tensor/expr.ts';
import { gradient } from '../tensor/gradient.ts';
import { conv2d, conv2dInputGrad, mul, sum } from '../tensor/ops/index.ts';
import { randomStream } from '../tensor/random/stream.ts';
import { floats, sizeOf } from '../tensor/tensor.ts';
import { backendFor } from '../test/rig/stage-runs.ts';
import { convolutionOn, winogradConvolution, winogradForm } from './winograd.ts';

const PADDED = { strides: [1, 1], padding: [1, 1, 1, 1] };

const drawn = (step: number, shape: readonly number[]) =>
  floats(Float32Array.from(randomStream({ base: 3 }, 'winograd').normal(step, sizeOf(shape))), [...shape]);

/** Digits of the float64 graph and of single precision, where a sum of C products of numbers near 1 loses some. */
it.each([
  ['reference', 3, 4, 4, 10],
  ['reference', 3, 7, 5, 10],
  ['reference', 3, 9, 2, 10],
  ['onnxruntime', 3, 8, 8, 4],
  ['onnxruntime', 3, 7, 6, 4],
  // One product for all rows of tiles.
  ['onnxruntime', 256, 7, 6, 4],
])(
  'is the convolution, and its derivatives are those of it (%s, %i x %i x %i)',
  async (backend, channels, height, width, digits) => {
    const images = input('images', [2, channels, height, width]);
    const filters = input('filters', [channels + 2, channels, 3, 3]);
    const [plain, fast] = [conv2d(images, filters, PADDED), winogradConvolution(images, filters)].map((made) => {
      const loss = sum(mul(made, mul(made, input('g', made.shape))));
      const [ofImages, ofFilters] = gradient(loss, [images, filters]) as [Expr, Expr];
      // A gradient of gradients reaches every path of the first.
      const distance = sum(mul(ofFilters, mul(ofFilters, input('h', filters.shape))));
      const [second] = gradient(distance, [images]) as [Expr];
      return { made, ofImages, ofFilters, second };
    }) as Record<string, Expr>[] as [Record<string, Expr>, Record<string, Expr>];
    const outputs = Object.fromEntries(
      Object.entries({ plain, fast }).flatMap(([form, values]) =>
        Object.entries(values).map(([name, value]) => [`${form} ${name}`, value]),
      ),
    );
    const program = await compile(await backendFor(backend), outputs);
    const made = await program.run({
      images: drawn(2, images.shape),
      filters: drawn(1, filters.shape),
      g: drawn(3, plain.made!.shape),
      h: drawn(4, filters.shape),
    });
    program.dispose();
    for (const name of Object.keys(plain)) {
      const [wanted, found] = [made[`plain ${name}`]!, made[`fast ${name}`]!];
      expect(found.shape).toEqual(wanted.shape);
      const largest = (values: Iterable<number>) =>
        [...values].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const apart = wanted.data.map((value, at) => value - found.data[at]!);
      expect(largest(apart)).toBeLessThan((largest(wanted.data) * 10 ** -digits) / 2);
    }
  },
);

it('the adjoint in the images takes the same filters, transformed once', async () => {
  const g = input('g', [2, 16, 6, 6]);
  const filters = input('filters', [16, 16, 3, 3]);
  const plain = conv2dInputGrad(g, filters, { ...PADDED, inputSize: [6, 6] });
  const fast = winogradForm(plain) as Expr;
  const program = await compile(await backendFor('reference'), { plain, fast });
  const made = await program.run({ g: drawn(2, g.shape), filters: drawn(1, filters.shape) });
  program.dispose();
  for (const [at, value] of made.plain!.data.entries()) expect(made.fast!.data[at]).toBeCloseTo(value, 9);
});

it('networks convolve so on onnxruntime, where that takes fewer multiplications', () => {
  const convolve = (
    channels: number,
    side: number,
    kernel = 3,
    backend: 'onnxruntime' | 'tensorflow' = 'onnxruntime',
  ) =>
    convolutionOn({ name: backend })(
      input('images', [1, channels, side, side]),
      input('filters', [channels, channels, kernel, kernel]),
      { padding: [1, 1, 1, 1].map((one) => (kernel === 3 ? one : 0)) },
    ).op;
  expect([convolve(36, 32), convolve(512, 4), convolve(64, 7)]).toEqual(Array(3).fill('reshape'));
  expect([convolve(35, 32), convolve(512, 2)]).toEqual(Array(2).fill('conv2d'));
  expect([convolve(64, 8, 1), convolve(64, 8, 3, 'tensorflow')]).toEqual(Array(2).fill('conv2d'));
});
