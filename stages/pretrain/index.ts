/** A network trained on the real images: the upper bound of every synthetic set, and a teacher for those who read it. */
import type { JsonObject } from '../../base/json.ts';
import { augmentParameter, augmentProblems } from '../augment-parameter.ts';
import { METRICS_BYTES } from '../bytes/files.ts';
import { bytesOfNetwork } from '../bytes/network.ts';
import { networkDataProblems, networkParameter, networkProblems } from '../network-parameter.ts';
import { imagesParameter, imagesProblems } from '../real-training.ts';
import type { StageKind } from '../stage.ts';
import { whiteningInput } from '../whitening.ts';

export const pretrain: StageKind = {
  kind: 'pretrain',
  version: 1,
  description: 'Trains a network on the real images and tests it: the upper bound.',
  parameters: {
    type: 'object',
    properties: {
      epochs: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000_000,
        default: 200,
        description: 'Passes over the training images.',
        examples: [50, 200],
      },
      learningRate: { type: 'number', exclusiveMinimum: 0, default: 0.01, description: 'Step size.' },
      momentum: { type: 'number', minimum: 0, exclusiveMaximum: 1, default: 0.9, description: 'Momentum of SGD.' },
      weightDecay: { type: 'number', minimum: 0, default: 0.0005, description: 'Weight decay of SGD.' },
      schedule: {
        enum: ['half', 'cosine', 'constant'],
        default: 'half',
        description:
          '`half`: as in `evaluate`, a tenth and a cleared momentum after pass ⌊epochs/2⌋ + 2. `cosine`: down to 0. `constant`: as it is.',
      },
      batchSize: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000_000,
        default: 256,
        description: 'Images of a step; the last, smaller batch of a pass is kept.',
      },
      images: imagesParameter,
      augment: augmentParameter,
      network: networkParameter,
    },
  },
  inputs: { whitening: whiteningInput },
  figures: ['accuracy', 'testLoss', 'trainLoss'],
  outputs: {
    network: { type: 'network', description: 'The trained network as ONNX and safetensors.' },
    metrics: { type: 'metrics', description: 'Test accuracy and losses.' },
  },
  replicates: ['evaluation'],
  usesData: true,
  threads: 2,
  rules: ({ augment, network }) => [...augmentProblems(augment as string), ...networkProblems(network as JsonObject)],
  dataRules: ({ network, images }, data) => [
    ...networkDataProblems(network as JsonObject, data),
    ...imagesProblems(images, data),
  ],
  bytes({ network }, _, set) {
    const trained = set && bytesOfNetwork(network as JsonObject, set);
    return trained === undefined ? undefined : trained + METRICS_BYTES;
  },
  async open(context) {
    return (await import('./run.ts')).openPretrain(context);
  },
};
