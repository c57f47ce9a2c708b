/** Programs over constant weights: norms go into convolutions that nothing else reads, and results stay what they were. */
import { expect, it } from 'vitest';
import { unwrap } from '../base/result.ts';
import { initialise } from '../nn/init.ts';
import { buildNetwork, networkInputs } from '../nn/network.ts';
import { compile } from '../tensor/compile/compile.ts';
import { type Expr, input } from '../tensor/expr.ts';
import { gradient } from '../tensor/gradient.ts';
import { add, square, sum } from '../tensor/ops/index.ts';
import { randomStream } from '../tensor/random/stream.ts';
import { floats, sizeOf, type Tensor } from '../tensor/tensor.ts';
import { inTopologicalOrder } from '../tensor/topological.ts';
import { backendFor } from '../test/rig/stage-runs.ts';
import { frozen } from './frozen.ts';

const stream = randomStream({ base: 4 }, 'frozen');
const drawn = (step: number, shape: readonly number[], scale = 1) =>
  floats(
    Float32Array.from(stream.normal(step, sizeOf(shape)), (value) => scale * value),
    [...shape],
  );

/** A network whose norms have seen something. */
function trained(spec: Parameters<typeof buildNetwork>[0]) {
  const network = unwrap(buildNetwork(spec, { channels: 3, height: 16, width: 16, classes: 4 }));
  const values: Record<string, Tensor> = initialise(network, stream, 0);
  for (const [step, { name, shape }] of network.buffers.entries()) {
    const { data } = drawn(step + 1, shape, 0.3);
    values[name] = floats(
      Float32Array.from(data, (value) => (name.endsWith('var') ? 1 + value ** 2 : value)),
      shape,
    );
  }
  return { network, values, images: input('images', [2, 3, 16, 16]) };
}

const opsOf = (outputs: Record<string, Expr>) => inTopologicalOrder(Object.values(outputs)).map(({ op }) => op);

it('leaves no norm of a convolution alone, and the same logits', async () => {
  const { network, values, images } = trained({ kind: 'convnet', width: 8, norm: 'batch' });
  const plain = { logits: network.apply(images, networkInputs(network), 'eval').logits };
  const fixed = frozen(plain, values, { name: 'reference' });
  expect(opsOf(fixed).filter((op) => op === 'input')).toEqual(['input']);
  expect(opsOf(fixed).filter((op) => op === 'sub' || op === 'mul')).toEqual([]);
  await same(plain, fixed, values, 'reference');
});

it('gives gradients and statistics of wide layers by fewer products', async () => {
  const { network, values, images } = trained({ kind: 'resnet', norm: 'batch' });
  const { logits, statistics } = network.apply(images, networkInputs(network), 'eval');
  const variances = Object.values(statistics).map(({ variance }) => sum(variance));
  const loss = variances.reduce((total, variance) => add(total, variance), sum(square(logits)));
  const [slope] = gradient(loss, [images]) as [Expr];
  const plain = { logits, slope };
  const fixed = frozen(plain, values, { name: 'onnxruntime' });
  const count = (outputs: Record<string, Expr>) => opsOf(outputs).filter((op) => op === 'conv2d').length;
  // Four convolutions of 64 channels, three of 128 and of 256; those of 512 see 2 x 2 places.
  expect(count(plain) - count(fixed)).toBe(10);
  await same(plain, fixed, values, 'onnxruntime');
});

async function same(
  plain: Record<string, Expr>,
  fixed: Record<string, Expr>,
  values: Record<string, Tensor>,
  name: string,
) {
  const backend = await backendFor(name);
  const images = drawn(99, [2, 3, 16, 16]);
  const [wanted, found] = await Promise.all(
    [plain, fixed].map(async (outputs) => {
      const program = await compile(backend, outputs);
      const results = await program.run({ ...values, images });
      program.dispose();
      return results;
    }),
  );
  for (const [output, { data }] of Object.entries(wanted!)) {
    const squares = Float64Array.from(data, (value) => value ** 2);
    const size = Math.sqrt(squares.reduce((total, one) => total + one, 0) / data.length);
    for (const [at, value] of data.entries())
      expect(Math.abs(found![output]!.data[at]! - value)).toBeLessThan(1e-4 * size);
  }
}
