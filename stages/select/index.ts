/** Real images of each class as a synthetic set: the baseline of every method, and where methods start. */
import type { StageKind } from '../stage.ts';
import { whiteningInput } from '../whitening.ts';

export const select: StageKind = {
  kind: 'select',
  version: 1,
  description: 'Chooses real images of each class.',
  parameters: {
    type: 'object',
    properties: {
      method: {
        enum: ['random'],
        default: 'random',
        description: 'How they are chosen. `random`: any, each equally likely, none twice.',
      },
      imagesPerClass: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000_000,
        default: 10,
        description: 'Images of each class.',
        examples: [1, 10, 50],
      },
    },
  },
  inputs: { whitening: whiteningInput },
  outputs: { images: { type: 'synthetic-set', description: 'The chosen images, sorted by class.' } },
  replicates: ['set'],
  usesData: true,
  threads: 1,
  dataRules: ({ imagesPerClass }, { title, classNames, perClass }) => {
    const fewest = Math.min(...perClass);
    if ((imagesPerClass as number) <= fewest) return [];
    const label = perClass.indexOf(fewest);
    const message = `${imagesPerClass} images of each class are wanted, but ${classNames[label] ?? label} of ${title} has ${fewest}.`;
    return [{ path: ['imagesPerClass'], message }];
  },
  async open(context) {
    return (await import('./run.ts')).openSelect(context);
  },
};
