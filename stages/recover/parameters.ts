/**
 * The parameters of `recover`. Defaults are the published ones of ImageNet, except `jitter` (as on Tiny-ImageNet) and lengths that
 * only its size needs.
 */
import type { JsonObject } from '../../base/json.ts';
import { CROP_CURRICULA } from '../../methods/cda.ts';
import { RECOVER_WEIGHTS } from '../../methods/sre2l.ts';

const weight = { type: 'number', minimum: 0 } as const;

export const recoverParameters: Readonly<Record<string, JsonObject>> = {
  imagesPerClass: {
    ...{ type: 'integer', minimum: 1, maximum: 1_000_000 },
    description: 'Images of each class.',
    examples: [1, 10, 50],
  },
  iterations: {
    ...{ type: 'integer', minimum: 1, maximum: 1_000_000, default: 1000 },
    description: 'Steps on each batch of images; ImageNet and Tiny-ImageNet: 4000.',
    examples: [300, 4000],
  },
  batchSize: {
    ...{ type: 'integer', minimum: 1, maximum: 65_536, default: 100 },
    description: 'Images optimised together, each of another class: the batch whose statistics are matched.',
  },
  learningRate: {
    ...{ type: 'number', exclusiveMinimum: 0, default: 0.25 },
    description: 'Step size of Adam, which falls to 0 along half a cosine.',
  },
  batchNorm: {
    ...{ ...weight, default: RECOVER_WEIGHTS.batchNorm },
    description: 'Weight of the batch norm statistics. It does not carry over from one network to another.',
    examples: [0.01, 1],
  },
  firstLayer: {
    ...{ ...weight, default: RECOVER_WEIGHTS.firstLayer },
    description: 'How much more the first batch norm counts than the others.',
  },
  totalVariation: {
    ...{ ...weight, default: RECOVER_WEIGHTS.totalVariation },
    description: 'Weight of the total variation.',
  },
  l2: { ...weight, default: RECOVER_WEIGHTS.l2, description: 'Weight of the images’ Euclidean norms.' },
  noise: {
    ...{ type: 'number', exclusiveMinimum: 0, default: 1 },
    description: 'Standard deviation of the normal noise that images start from, in normalised pixels.',
  },
  crop: {
    ...{ type: 'boolean', default: true },
    description:
      'Whether each step sees a random part, resized to the whole image. SRe2L on CIFAR and MNIST goes without.',
  },
  minimumArea: {
    ...{ type: 'number', exclusiveMinimum: 0, maximum: 1, default: 0.08 },
    description: 'Smallest share of the image that a crop may be.',
  },
  curriculum: {
    ...{ enum: ['none', ...CROP_CURRICULA], default: 'none' },
    description:
      'CDA (Yin and Shen, TMLR 2024): how the smallest share falls from 1 to `minimumArea`. `none` is SRe2L, `cosine` the published one.',
  },
  milestone: {
    ...{ type: 'number', minimum: 0, maximum: 1, default: 1 },
    description: 'Share of the iterations that the curriculum takes.',
  },
  flip: { type: 'boolean', default: true, description: 'Whether half of the steps see the images mirrored.' },
  jitter: {
    ...{ type: 'integer', minimum: 0, maximum: 65_536, default: 4 },
    description:
      'Largest number of pixels by which a step rolls the images around their edges, either way; 224 pixels: 32.',
  },
};
