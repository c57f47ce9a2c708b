/**
 * The parameters of `recover`. Defaults are the published ones of ImageNet, except `jitter` (as on Tiny-ImageNet) and lengths that
 * only its size needs.
 */
import type { JsonObject } from '../../base/json.ts';
import type { DataSetFacts } from '../../data/data-set.ts';
import { CROP_CURRICULA } from '../../methods/cda.ts';
import { RECOVER_WEIGHTS } from '../../methods/sre2l.ts';
import type { RuleProblem } from '../stage.ts';

const weight = { type: 'number', minimum: 0 } as const;

export const METHODS = ['sre2l', 'cda', 'g-vbsm'] as const;

/** Of G-VBSM alone, with the values of its scripts for CIFAR and Tiny-ImageNet. */
const OWN: JsonObject = { momentum: 0.8, dropRate: 0.4, densification: 1, temperature: 4, groups: 1 };

/** The scripts' settings where they differ from SRe2L's; those of each published cell are in `experiments/`. */
const DEFAULTS: Readonly<Record<string, JsonObject>> = {
  cda: { iterations: 4000, curriculum: 'cosine', milestone: 1 },
  'g-vbsm': {
    ...OWN,
    ...{ iterations: 4000, learningRate: 0.05, batchNorm: 0.01 },
    ...{ crop: false, padding: 4, jitter: 32, jitterBothWays: false },
  },
};

export function defaultsOf({ method = 'sre2l' }: JsonObject): JsonObject {
  return DEFAULTS[method as string] ?? {};
}

export function methodProblems(params: JsonObject): RuleProblem[] {
  const { method } = params;
  if (method === 'g-vbsm')
    return params.totalVariation === 0 && params.l2 === 0
      ? []
      : [{ path: ['method'], message: 'Method `g-vbsm` has neither `totalVariation` nor `l2`.' }];
  return Object.keys(OWN)
    .filter((name) => params[name] !== undefined)
    .map((name) => ({
      path: [name],
      message: `\`${name}\` is of method \`g-vbsm\`, but the method is \`${method}\`.`,
    }));
}

/** Of images moved by up to all of their side, nothing may be seen. */
export function paddingProblems(
  padding: number,
  { height, width }: Pick<DataSetFacts, 'height' | 'width'>,
): RuleProblem[] {
  const most = Math.min(height, width) - 1;
  if (padding <= most) return [];
  const message = `Images of ${height} x ${width} can be moved out of sight by ${padding} pixels: at most ${most}.`;
  return [{ path: ['padding'], message }];
}

export const recoverParameters: Readonly<Record<string, JsonObject>> = {
  method: {
    ...{ enum: [...METHODS], default: 'sre2l' },
    description:
      '`sre2l` (Yin et al., NeurIPS 2023); `cda`: the same with a curriculum of its crops (Yin and Shen, TMLR 2024); `g-vbsm`: several backbones in turn and the statistics of all convolutions (Shao et al., CVPR 2024).',
  },
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
  padding: {
    ...{ type: 'integer', minimum: 0, maximum: 65_536, default: 0 },
    description:
      'Pixels of zeros around the images out of which each step sees a random part of the whole size; G-VBSM: 4, Tiny-ImageNet 8.',
  },
  coarse: {
    ...{ type: 'number', minimum: 0, maximum: 1, default: 0 },
    description:
      'Share of the iterations, from the first, in which images are seen at half their resolution, as DeepInversion starts.',
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
  jitterBothWays: {
    ...{ type: 'boolean', default: true },
    description: 'Whether rolls go either way (SRe2L on Tiny-ImageNet) or only down and right (the other scripts).',
  },
  momentum: {
    ...{ type: 'number', minimum: 0, exclusiveMaximum: 1 },
    description: 'G-VBSM, α: what the moving averages keep of themselves at each call; 0.8, ImageNet 0.4.',
  },
  dropRate: {
    ...{ type: 'number', minimum: 0, exclusiveMaximum: 1 },
    description: 'G-VBSM: how often a convolution is left out of a step; 0.4, ImageNet 0.',
  },
  densification: { ...weight, description: 'G-VBSM: weight of the data densification; 1.' },
  temperature: {
    ...{ type: 'number', exclusiveMinimum: 0 },
    description: 'G-VBSM, τ: temperature of the densification; 4.',
  },
  groups: {
    ...{ type: 'integer', minimum: 1, maximum: 1_000_000 },
    description: 'G-VBSM: parts of the images of a class, of which only those of one part meet; Tiny-ImageNet: 10.',
  },
  classesPerShard: {
    ...{ type: 'integer', minimum: 0, maximum: 1_000_000, default: 0 },
    description:
      'Classes that are recovered as a part of their own, each a node that is kept, continued and retried alone; 0: all in one. A batch holds no more classes than its part does.',
    examples: [100],
  },
};
