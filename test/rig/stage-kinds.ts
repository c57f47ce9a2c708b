/** Stage kinds in the shape of the real ones, small and fixed, so that whole pages of errors and plans can be compared. */
import { listOf } from '../../stages/input-roles.ts';
import type { StageKind } from '../../stages/stage.ts';

function unopened(): never {
  throw new Error('Internal error: expected a planned stage, not an opened one');
}

const imagesPerClass = {
  type: 'integer',
  minimum: 1,
  maximum: 5000,
  default: 10,
  description: 'Images per class of the synthetic set.',
} as const;

const network = {
  type: 'object',
  description: 'The network.',
  properties: {
    kind: { enum: ['convnet', 'mlp'], default: 'convnet', description: 'Its architecture.' },
    width: { type: 'integer', minimum: 1, default: 128, description: 'Filters of each layer.' },
    depth: { type: 'integer', minimum: 1, maximum: 6, default: 3, description: 'Blocks.' },
  },
} as const;

export const select: StageKind = {
  kind: 'select',
  version: 1,
  description: 'Chooses real images.',
  parameters: {
    type: 'object',
    properties: {
      method: { enum: ['random', 'herding'], default: 'random', description: 'How they are chosen.' },
      imagesPerClass,
    },
  },
  inputs: {},
  outputs: { images: { type: 'synthetic-set', description: 'The chosen images.' } },
  replicates: ['set'],
  usesData: true,
  threads: 1,
  open: unopened,
};

export const match: StageKind = {
  kind: 'match',
  version: 2,
  description: 'Optimises images until they look like the data to networks.',
  parameters: {
    type: 'object',
    properties: {
      method: { enum: ['dm', 'dc', 'dsa'], description: 'What is matched.' },
      iterations: { type: 'integer', minimum: 1, default: 1000, description: 'Steps of the optimiser.' },
      learningRate: { type: 'number', exclusiveMinimum: 0, default: 1, description: 'Step size.' },
      batchReal: { type: 'integer', minimum: 1, default: 256, description: 'Real images of each class and step.' },
      augment: { type: 'boolean', default: true, description: 'Differentiable augmentation.' },
      network,
    },
    required: ['method'],
  },
  inputs: { start: { type: 'synthetic-set', required: true, description: 'The images to start from.' } },
  outputs: { images: { type: 'synthetic-set', description: 'The synthetic set.' } },
  replicates: ['set'],
  usesData: true,
  threads: 2,
  prefixExtending: 'iterations',
  rules: (params) =>
    params.method === 'dc' && params.augment === true
      ? [{ path: ['augment'], message: 'Expected `augment: false` with `method: dc`; with augmentation it is `dsa`.' }]
      : [],
  open: unopened,
};

export const evaluate: StageKind = {
  kind: 'evaluate',
  version: 1,
  description: 'Trains a network on a synthetic set and tests it.',
  parameters: {
    type: 'object',
    properties: {
      epochs: { type: 'integer', minimum: 1, default: 300, description: 'Passes over the synthetic set.' },
      network,
    },
  },
  inputs: { images: { type: 'synthetic-set', required: true, description: 'What to train on.' } },
  outputs: { metrics: { type: 'metrics', description: 'Test accuracy.' } },
  replicates: ['set', 'evaluation'],
  usesData: true,
  threads: 2,
  open: unopened,
};

/** Takes one stage or several. */
export const join: StageKind = {
  ...evaluate,
  kind: 'join',
  description: 'Looks at several synthetic sets together.',
  parameters: { type: 'object', properties: { weight: { type: 'number', default: 1, description: 'Of the first.' } } },
  inputs: { images: { type: 'synthetic-set', required: true, many: true, description: 'What to look at.' } },
  inputRules: (_, inputs) =>
    listOf(inputs, 'images').flatMap(({ name, params }, index) =>
      params.imagesPerClass === 3
        ? [
            {
              path: ['images', index],
              message: `\`${name}\` has three.`,
              against: { role: `images[${index}]`, path: ['imagesPerClass'] },
            },
          ]
        : [],
    ),
};

export const sampleKinds: readonly StageKind[] = [select, match, evaluate];
