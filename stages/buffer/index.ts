/**
 * Expert trajectories for matching (MTT, section 3.1): networks trained on real images, their parameters kept after every
 * epoch. Experts draw on the experiment's seed alone, so that all cells, sets and methods share one buffer.
 */
import type { JsonObject } from '../../base/json.ts';
import { augmentParameter, augmentProblems } from '../augment-parameter.ts';
import { networkDataProblems, networkParameter, networkProblems } from '../network-parameter.ts';
import { imagesParameter, imagesProblems } from '../real-training.ts';
import type { StageKind } from '../stage.ts';
import { whiteningInput } from '../whitening.ts';

const count = { type: 'integer', minimum: 1, maximum: 1_000_000 } as const;

export const buffer: StageKind = {
  kind: 'buffer',
  version: 1,
  description: 'Trains expert networks on the real images and keeps how their parameters went.',
  parameters: {
    type: 'object',
    properties: {
      experts: {
        ...count,
        default: 100,
        description:
          'Networks, each from a random start of its own. All are held in memory until the stage ends: experts x (epochs + 1) x parameters x 4 bytes.',
        examples: [10, 100],
      },
      epochs: { ...count, default: 50, description: 'Passes of each over the training images.', examples: [20, 50] },
      learningRate: { type: 'number', exclusiveMinimum: 0, default: 0.01, description: 'Step size.' },
      momentum: { type: 'number', minimum: 0, exclusiveMaximum: 1, default: 0, description: 'Momentum of SGD.' },
      weightDecay: { type: 'number', minimum: 0, default: 0, description: 'Weight decay of SGD.' },
      batchSize: { ...count, default: 256, description: 'Images of a step; the last, smaller batch is kept.' },
      decay: {
        type: 'boolean',
        default: false,
        description: 'Whether the step size falls to a tenth after pass ⌊epochs/2⌋ + 2, as the published code can.',
      },
      images: imagesParameter,
      augment: augmentParameter,
      network: networkParameter,
    },
  },
  inputs: { whitening: whiteningInput },
  outputs: { trajectories: { type: 'trajectories', description: 'One file an expert: its parameters by epoch.' } },
  replicates: [],
  usesData: true,
  threads: 2,
  rules: ({ augment, network }) => [...augmentProblems(augment as string), ...networkProblems(network as JsonObject)],
  dataRules: ({ network, images }, data) => [
    ...networkDataProblems(network as JsonObject, data),
    ...imagesProblems(images, data),
  ],
  async open(context) {
    return (await import('./run.ts')).openBuffer(context);
  },
};
