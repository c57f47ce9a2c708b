/** AlexCifarNet against the same layers in PyTorch, on every backend. */
import { expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { openBackend } from '../../tensor/backends/open.ts';
import { compile } from '../../tensor/compile/compile.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import { gradient } from '../../tensor/gradient.ts';
import { abs, sum } from '../../tensor/ops/index.ts';
import { floats, type Shape, sizeOf } from '../../tensor/tensor.ts';
import { crossEntropy } from '../losses.ts';
import { buildNetwork, networkInputs } from '../network.ts';
import { networkByName } from '../registry.ts';

const spec = unwrap(networkByName('AlexCifarNet'));
const IMAGES: Shape = [2, 3, 12, 12];

/** scale · sin(0.7 i + 1.1 k + 0.3 √i): element i of array k. */
function waves(shape: Shape, k: number, scale: number) {
  const at = (i: number) => scale * Math.sin(0.7 * i + 1.1 * k + 0.3 * Math.sqrt(i));
  return floats(
    Float64Array.from({ length: sizeOf(shape) }, (_, i) => at(i)),
    shape,
  );
}

// PyTorch 2.15, float64. F = Sequential(Conv2d(3, 64, 5, 1, 2), ReLU(), MaxPool2d(3, 2, 1), N, Conv2d(64, 64, 5, 1, 2), ReLU(), N,
// MaxPool2d(3, 2, 1)) with N = LocalResponseNorm(4, alpha=0.001/9, beta=0.75, k=1); fc = Sequential(Linear(576, 384), ReLU(),
// Linear(384, 192), ReLU(), Linear(192, 4)). Parameter k is waves(shape, k, sqrt(2 / fan_in)), a bias waves(shape, k, 0.1);
// x = waves((2, 3, 12, 12), 20, 40), large enough for the norm to bend. z = fc(F(x).flatten(1)); g = grad(cross_entropy(z, [1, 3]), x)
const LOGITS = [
  [-2.2905872, -3.7485216, 2.6616812, -0.8609925],
  [-1.0158157, -1.4412995, 1.0520791, -0.4409271],
].flat();
const SUM_OF_ABSOLUTE_GRADIENT = 33.6392886;

it.each([
  ['reference', 1e-7],
  ['onnxruntime', 2e-5],
  ['tensorflow', 2e-5],
])('on %s', async (name, tolerance) => {
  const network = unwrap(buildNetwork(spec, { channels: 3, height: 12, width: 12, classes: 4 }));
  const images = input('images', IMAGES);
  const labels = input('labels', [2, 4]);
  const { logits } = network.apply(images, networkInputs(network), 'train');
  const [slopes] = gradient(crossEntropy(logits, labels), [images]) as [Expr];
  const backend = unwrap(await openBackend(name, { threads: 1 }));
  const program = await compile(backend, { logits, slope: sum(abs(slopes)) });
  const values = network.parameters.map(({ name, shape }, k) => {
    const fanIn = shape.slice(1).reduce((product, length) => product * length, 1);
    return [name, waves(shape, k, shape.length > 1 ? Math.sqrt(2 / fanIn) : 0.1)] as const;
  });
  const found = await program.run({
    ...Object.fromEntries(values),
    images: waves(IMAGES, 20, 40),
    labels: floats(Float64Array.of(0, 1, 0, 0, 0, 0, 0, 1), [2, 4]),
  });
  const error = Math.max(...LOGITS.map((value, index) => Math.abs(value - (found.logits?.data[index] ?? Number.NaN))));
  expect(error).toBeLessThan(tolerance * 4);
  expect(Math.abs((found.slope?.data[0] ?? Number.NaN) / SUM_OF_ABSOLUTE_GRADIENT - 1)).toBeLessThan(tolerance * 10);
});

it('at 32 pixels has 4096 features, and is refused below 4', () => {
  const network = unwrap(buildNetwork(spec, { channels: 3, height: 32, width: 32, classes: 10 }));
  expect(network.parameters.map(({ shape }) => shape)).toEqual([
    [64, 3, 5, 5],
    [64],
    [64, 64, 5, 5],
    [64],
    [384, 4096],
    [384],
    [192, 384],
    [192],
    [10, 192],
    [10],
  ]);
  expect(buildNetwork(spec, { channels: 3, height: 3, width: 32, classes: 10 })).toMatchObject({ ok: false });
});
