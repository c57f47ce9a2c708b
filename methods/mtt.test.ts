import { expect, it } from 'vitest';
import { unwrap } from '../base/result.ts';
import { initialise } from '../nn/init.ts';
import { buildNetwork, type NetworkSpec } from '../nn/network.ts';
import { Unroll } from '../nn/trajectory/unroll.ts';
import { openBackend } from '../tensor/backends/open.ts';
import { randomStream } from '../tensor/random/stream.ts';
import { floats, type Shape, scalar, sizeOf } from '../tensor/tensor.ts';
import { studentStep } from './mtt.ts';

const COUNT = 5;
const random = randomStream({ base: 5 }, 'student');
const noise = (step: number, shape: Shape) => floats(random.normal(step, sizeOf(shape)), shape);

it.each<[string, NetworkSpec, boolean]>([
  ['one by one or all at once is the same', { kind: 'convnet', width: 4, depth: 1 }, false],
  ['one by one or all at once is the same of the gradient that leaves the states out', { kind: 'mlp' }, true],
  ['batch norm sees the whole batch', { kind: 'convnet', width: 4, depth: 1, norm: 'batch' }, false],
])("a student's images: %s", async (_, spec, alone) => {
  const backend = unwrap(await openBackend('reference', { threads: 1 }));
  const network = unwrap(buildNetwork(spec, { channels: 1, height: 4, width: 4, classes: 3 }));
  const buffers = network.buffers.map(({ name, shape, value }) => [
    name,
    floats(new Float32Array(sizeOf(shape)).fill(value), shape),
  ]);
  const course = {
    start: { ...initialise(network, random, 0), ...Object.fromEntries(buffers) },
    arrays: { images: noise(1, [COUNT, 1, 4, 4]), labels: noise(2, [COUNT, 3]), rate: scalar(0.1) },
    steps: [{}, {}],
  };
  const cotangents = Object.fromEntries(network.parameters.map(({ name, shape }, at) => [name, noise(3 + at, shape)]));
  const learned = async (chunk?: number) => {
    const step = studentStep(network, { count: COUNT, labels: 'logits', ...(chunk && { chunk }) });
    const unroll = new Unroll(backend, { step: () => step });
    const found = await unroll.backward(await unroll.forward(course), cotangents, { alone });
    await unroll.dispose();
    return found.learned;
  };
  const [whole, parts] = [await learned(), await learned(2)];
  for (const [name, { data }] of Object.entries(whole)) {
    const most = Math.max(...data.map(Math.abs));
    expect(most).toBeGreaterThan(0);
    const errors = Array.from(data, (value, at) => Math.abs(parts[name]!.data[at]! - value));
    expect(Math.max(...errors)).toBeLessThan(1e-9 * most);
  }
});
