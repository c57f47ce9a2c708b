import { expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { initialise } from '../../nn/init.ts';
import { buildNetwork } from '../../nn/network.ts';
import { compile } from '../../tensor/compile/compile.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { floats, ints, scalar } from '../../tensor/tensor.ts';
import { backendFor } from '../../test/rig/stage-runs.ts';
import { openTraining, trainingStep } from './training.ts';

const COUNT = 20;
const extents = { channels: 1, height: 28, width: 28, classes: 10 };

it('a batch in chunks, the last one smaller, gives the step of the whole batch', async () => {
  const network = unwrap(buildNetwork({ kind: 'convnet', width: 4 }, extents));
  const backend = await backendFor();
  const stream = randomStream({ base: 1 }, 'test');
  const feeds = {
    ...initialise(network, stream, 0),
    ...openTraining(backend, network).momentum(),
    images: floats(Float32Array.from(stream.normal(1, COUNT * 784)), [COUNT, 1, 28, 28]),
    labels: ints(stream.integers(2, COUNT, 10)),
    rate: scalar(0.5),
  };
  const results = [];
  for (const chunk of [COUNT, 7, 3]) {
    const program = await compile(backend, trainingStep(network, feeds.labels, { chunk }));
    results.push(await program.run(feeds));
    program.dispose();
  }
  const [whole, ...chunked] = results;
  for (const step of chunked)
    for (const [name, { data }] of Object.entries(whole!)) {
      const scale = Math.max(...data.map(Math.abs), 1e-3);
      const errors = Array.from(data, (value, index) => Math.abs(value - step[name]!.data[index]!) / scale);
      expect([name, Math.max(...errors) < 1e-4]).toEqual([name, true]);
    }
});
