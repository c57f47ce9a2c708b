/** What `buffer` and `pretrain` share when they open: all that trains a network on the real images and tests it. */
import type { JsonObject } from '../base/json.ts';
import { unwrap } from '../base/result.ts';
import { openDataSet } from '../data/registry.ts';
import { initialise } from '../nn/init.ts';
import { randomStream } from '../tensor/random/stream.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { tokensOf } from './augment-parameter.ts';
import { openAugmenter } from './evaluate/augmenter.ts';
import { openTest } from './evaluate/test-pass.ts';
import { openTraining } from './evaluate/training.ts';
import { openImageSpace } from './image-space.ts';
import { networkFor } from './network-parameter.ts';
import type { RealTraining } from './real-training.ts';
import type { StageContext } from './stage.ts';

/** `name` stands before the names of the random streams. */
export function openRealTraining({ params, seed, data, inputs, backend }: StageContext, name: string) {
  const set = unwrap(openDataSet(data.set, data.folder));
  const network = networkFor(params.network as JsonObject, set, backend);
  const space = openImageSpace(set, backend, inputs.whitening);
  const augmenter = openAugmenter(backend, tokensOf(params.augment as string), randomStream(seed, `${name}/augment`));
  const training = openTraining(backend, network, {
    momentum: params.momentum as number,
    weightDecay: params.weightDecay as number,
    counts: true,
  });
  const test = openTest(backend, network);
  const real: RealTraining = {
    ...{ set, space, augmenter, training },
    images: (params.images as number | undefined) ?? set.train.count,
    batchSize: params.batchSize as number,
  };
  return {
    ...{ set, network, space, training, test, real },
    shuffles: randomStream(seed, `${name}/shuffle`),
    /** The `number`-th network as it starts, with momentum at rest. */
    fresh: (number: number): Readonly<Record<string, Tensor>> => ({
      ...initialise(network, randomStream(seed, `${name}/network`), number),
      ...training.momentum(),
    }),
    close() {
      for (const part of [space, augmenter, training, test]) part.close();
    },
  };
}
