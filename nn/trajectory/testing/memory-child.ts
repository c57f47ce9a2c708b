/** Differentiates through T steps and says the most memory that took beyond the engine's, in bytes, and the size of a state. */
import { readFileSync, writeFileSync } from 'node:fs';
import { unwrap } from '../../../base/result.ts';
import { openBackend } from '../../../tensor/backends/open.ts';
import { input } from '../../../tensor/expr.ts';
import { randomStream } from '../../../tensor/random/stream.ts';
import { floats, ints, scalar, sizeOf, type Tensor } from '../../../tensor/tensor.ts';
import { initialise } from '../../init.ts';
import { crossEntropy } from '../../losses.ts';
import { buildNetwork, networkInputs } from '../../network.ts';
import { sgd } from '../../optimisers.ts';
import { trainingStep } from '../training-step.ts';
import { Unroll } from '../unroll.ts';

const [length = '1', repetitions = '2'] = process.argv.slice(2);
const COUNT = 8;
const backend = unwrap(await openBackend('onnxruntime', { threads: 1 }));
const network = unwrap(
  buildNetwork({ kind: 'convnet', width: 32 }, { channels: 3, height: 32, width: 32, classes: 10 }),
);
const values = networkInputs(network);
const images = input('images', [COUNT, 3, 32, 32]);
const rate = input('rate', []);
const step = trainingStep({
  loss: crossEntropy(network.apply(images, values, 'train').logits, input('labels', [COUNT], 'int')),
  parameters: values,
  optimiser: sgd(),
  rate,
  learned: { images, rate },
});
const random = randomStream({ base: 1 }, 'memory');
const start = initialise(network, random, 0);
const arrays: Record<string, Tensor> = {
  images: floats(Float32Array.from(random.normal(1, sizeOf(images.shape))), images.shape),
  labels: ints(Int32Array.from({ length: COUNT }, (_, index) => index % 10)),
  rate: scalar(0.01),
};
const unroll = new Unroll(backend, { step: () => step });
const gradient = async (steps: number) => {
  const trajectory = await unroll.forward({ start, arrays, steps: Array.from({ length: steps }, () => ({})) });
  await unroll.backward(trajectory, trajectory.final);
};

/** Compiles and lets the engine take the memory of one step, so that what follows is the trajectory's. */
await gradient(2);
globalThis.gc?.();
const status = (field: string) =>
  1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
const before = status('VmRSS');
writeFileSync('/proc/self/clear_refs', '5');
for (let left = Number(repetitions); left > 0; left--) {
  await gradient(Number(length));
  globalThis.gc?.();
}
const state = Object.values(start).reduce((sum, { data }) => sum + data.byteLength, 0);
process.stdout.write(JSON.stringify({ peak: status('VmHWM') - before, state }));
