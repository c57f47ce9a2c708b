/** G-VBSM's targets: what enters each convolution of trained networks on real images, which batch norm keeps by itself. */
import type { JsonObject } from '../../base/json.ts';
import { listOf } from '../input-roles.ts';
import { imagesParameter, imagesProblems } from '../real-training.ts';
import { paddingProblems } from '../recover/parameters.ts';
import type { StageKind } from '../stage.ts';
import { bytesOfStatistics } from './bytes.ts';

export const statistics: StageKind = {
  kind: 'statistics',
  version: 2,
  description: 'Takes the statistics of real images at every convolution of trained networks, for `recover` by G-VBSM.',
  parameters: {
    type: 'object',
    properties: {
      patch: {
        ...{ type: 'integer', minimum: 1, maximum: 65_536, default: 4 },
        description: 'Side p of the cells of the patch statistics; ImageNet: 16.',
      },
      batchSize: {
        ...{ type: 'integer', minimum: 1, maximum: 65_536, default: 64 },
        description: 'Images of a batch, over which variances are taken before they are averaged; Tiny-ImageNet: 128.',
      },
      crop: {
        ...{ type: 'boolean', default: false },
        description:
          'Whether a random part of at least 0.08 of an image is seen, resized to all of it, as on ImageNet (with `padding: 0`).',
      },
      padding: {
        ...{ type: 'integer', minimum: 0, maximum: 65_536, default: 4 },
        description: 'Black pixels around an image out of which a random part is seen; Tiny-ImageNet: 8.',
      },
      flip: { type: 'boolean', default: true, description: 'Whether half of the images are mirrored.' },
      images: imagesParameter,
    },
  },
  inputs: {
    teacher: { type: 'network', required: true, many: true, description: 'The networks, of `squeeze` or `import`.' },
  },
  figures: [],
  outputs: { statistics: { type: 'statistics', description: 'A file for each teacher.' } },
  replicates: [],
  usesData: true,
  threads: 2,
  inputRules: (_, inputs) =>
    listOf(inputs, 'teacher').flatMap(({ name, inputs: { whitening } }, index) =>
      whitening
        ? [
            {
              path: ['teacher', index],
              message: `The teacher \`${name}\` sees whitened images: give it no \`whitening\`.`,
            },
          ]
        : [],
    ),
  dataRules: ({ images, padding }, data) => [
    ...imagesProblems(images, data),
    ...paddingProblems(padding as number, data),
  ],
  bytes({ patch }, inputs, set) {
    const of = ({ network }: JsonObject) =>
      set && bytesOfStatistics(network as JsonObject | undefined, patch as number, set);
    const each = listOf(inputs, 'teacher').map(of);
    return each.reduce((sum, own) => (sum === undefined || own === undefined ? undefined : sum + own), 0);
  },
  async open(context) {
    return (await import('./run.ts')).openStatistics(context);
  },
};
