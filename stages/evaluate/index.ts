/** The matching family's protocol: a fresh network trained on the set alone, tested on the real test images. */
import type { JsonObject } from '../../base/json.ts';
import { augmentParameter, augmentProblems } from '../augment-parameter.ts';
import { networkDataProblems, networkParameter, networkProblems } from '../network-parameter.ts';
import type { StageKind } from '../stage.ts';

export const evaluate: StageKind = {
  kind: 'evaluate',
  version: 1,
  description: 'Trains a new network on a synthetic set and tests it on the real test images.',
  parameters: {
    type: 'object',
    properties: {
      epochs: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000_000,
        default: 1000,
        description:
          'E of the papers: 1000 with augmentation, 300 without. As in their code, E + 1 passes over the set are made, and the rate falls to a tenth after pass ⌊E/2⌋ + 2.',
        examples: [300, 1000],
      },
      learningRate: {
        type: 'number',
        exclusiveMinimum: 0,
        default: 0.01,
        description: 'Step size on the network.',
      },
      batchSize: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000_000,
        default: 256,
        description: 'Synthetic images of a step; the last, smaller batch of a pass is kept.',
      },
      augment: augmentParameter,
      network: networkParameter,
    },
  },
  inputs: { images: { type: 'synthetic-set', required: true, description: 'The set to train on.' } },
  outputs: { metrics: { type: 'metrics', description: 'Test accuracy and losses.' } },
  replicates: ['set', 'evaluation'],
  usesData: true,
  threads: 2,
  rules: ({ augment, network }) => [...augmentProblems(augment as string), ...networkProblems(network as JsonObject)],
  dataRules: ({ network }, data) => networkDataProblems(network as JsonObject, data),
  async open(context) {
    return (await import('./run.ts')).openEvaluate(context);
  },
};
