/** ZCA whitening fitted once for all stages of all cells that read it: it draws nothing and knows no cell. */
import type { StageKind } from '../stage.ts';

export const zca: StageKind = {
  kind: 'zca',
  version: 1,
  description: 'Fits ZCA whitening on the training images.',
  parameters: {
    type: 'object',
    properties: {
      epsilon: {
        type: 'number',
        exclusiveMinimum: 0,
        default: 0.1,
        description:
          'Added to the variances of pixels in [0, 1], so that directions in which images hardly differ are damped. 0.1 in the papers.',
        examples: [0.1],
      },
      images: {
        type: 'integer',
        minimum: 2,
        maximum: 100_000_000,
        description: 'Only so many training images, the first of the files; all of them unless given.',
        examples: [5000],
      },
    },
  },
  inputs: {},
  figures: [],
  outputs: {
    statistics: { type: 'statistics', description: 'Mean, whitening matrix and its inverse.' },
    pictures: { type: 'pictures', description: 'Training images, whitened and unwhitened again.' },
  },
  replicates: [],
  usesData: true,
  threads: 2,
  dataRules: ({ images }, { title, trainImages }) =>
    images === undefined || (images as number) <= trainImages
      ? []
      : [{ path: ['images'], message: `${images} images are wanted, but ${title} has ${trainImages}.` }],
  async open(context) {
    return (await import('./run.ts')).openZca(context);
  },
};
