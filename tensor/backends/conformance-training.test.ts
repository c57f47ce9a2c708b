/**
 * Whole training graphs on every native backend that is here against the reference: the cross-entropy of a ConvNet with
 * all its first derivatives, and gradient matching, whose derivative is of the second order. Compiled as stages do it.
 */
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { gradientDistance } from '../../methods/dc.ts';
import { crossEntropy } from '../../nn/losses.ts';
import { buildNetwork } from '../../nn/network.ts';
import type { ConvNetSpec } from '../../nn/networks/convnet.ts';
import { compile } from '../compile/compile.ts';
import { full } from '../ops/index.ts';
import { digests, disagreements, SLOPE_TOLERANCE } from './conformance/compare.ts';
import { named, openNatives } from './conformance/natives.ts';
import { gradientMatching, type TrainedNetwork, trainingStep } from './conformance/training.ts';
import { openReference } from './reference/backend.ts';

const reference = openReference();
const natives = await openNatives(2);

type Settings = Omit<ConvNetSpec, 'kind'>;

function convNet(spec: Settings, image: TrainedNetwork['image'] = [3, 8, 8]): TrainedNetwork {
  const [channels, height, width] = image;
  const classes = 5;
  const network = unwrap(buildNetwork({ kind: 'convnet', depth: 2, ...spec }, { channels, height, width, classes }));
  // Running statistics move no logits of a training pass.
  const buffers = Object.fromEntries(network.buffers.map(({ name, shape, value }) => [name, full(shape, value)]));
  return {
    name: `ConvNet ${Object.entries(spec).flat().join(' ')} on ${image.join('×')}`,
    image,
    classes,
    parameters: network.parameters,
    loss: (images, labels, values) =>
      crossEntropy(network.apply(images, { ...buffers, ...values }, 'train').logits, labels),
  };
}

const distances = {
  ours: gradientDistance,
  mse: (real, synthetic) => gradientDistance(real, synthetic, 'mse'),
} satisfies Record<string, Parameters<typeof gradientMatching>[2]>;

const cases = [
  trainingStep(convNet({ width: 6 }), 4),
  trainingStep(convNet({ width: 8, norm: 'group', activation: 'swish' }), 3),
  trainingStep(convNet({ width: 6, norm: 'batch', pooling: 'max' }, [1, 7, 9]), 4),
  gradientMatching(convNet({ width: 4 }), 3, distances.ours),
  gradientMatching(convNet({ width: 4, norm: 'none', activation: 'sigmoid' }, [1, 7, 9]), 1, distances.mse),
  gradientMatching(convNet({ width: 4, norm: 'batch', pooling: 'max' }), 3, distances.ours),
];

describe.each(natives)('%s', (_title, backend) => {
  if (!backend) {
    it.skip('(so not tested here)');
    return;
  }

  it.each(named(cases))('%s', async (_, { outputs, feeds }) => {
    const wanted = await (await reference.prepare({ outputs })).run(feeds);
    const program = await compile(backend, outputs);
    expect(disagreements(await program.run(feeds), wanted, () => SLOPE_TOLERANCE)).toEqual([]);
  });

  it('gives the same bits from one program twice, and from one prepared again', async () => {
    const { outputs, feeds } = trainingStep(convNet({ width: 32 }, [3, 16, 16]), 16);
    const first = await backend.prepare({ outputs });
    const second = await backend.prepare({ outputs });
    const found = digests(await first.run(feeds));
    expect(digests(await first.run(feeds))).toEqual(found);
    expect(digests(await second.run(feeds))).toEqual(found);
  });
});
