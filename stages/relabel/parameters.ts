/** The parameters of `relabel`; defaults are SRe2L's on ImageNet, but for the batch. */
import type { JsonObject } from '../../base/json.ts';
import { CROPS, KEEPS, MIXES, type SoftLabelFacts } from '../soft-labels/format.ts';

export const relabelParameters: Readonly<Record<string, JsonObject>> = {
  mode: {
    enum: ['views', 'maps'],
    default: 'views',
    description:
      'What is labelled. `views`: crops that are drawn here, one an epoch and image (FKD). `maps`: each image once, at every place of the map before the last pooling; students draw their own crops and pool the map over them (ReLabel), by `crop: resized`, without mixes.',
  },
  epochs: {
    ...{ type: 'integer', minimum: 1, maximum: 99_999, default: 300 },
    description: 'Views of every image that are labelled, one an epoch of training.',
    examples: [100, 300],
  },
  epochsPerShard: {
    ...{ type: 'integer', minimum: 0, maximum: 99_999, default: 0 },
    description:
      '`mode: views`: epochs that are labelled as a part of their own, each a node that is kept, continued and retried alone; 0: all in one. The labels are the same either way.',
    examples: [10],
  },
  imagesPerShard: {
    ...{ type: 'integer', minimum: 0, maximum: 1_000_000, default: 0 },
    description:
      '`mode: maps`: images whose maps are made as a part of their own, as `epochsPerShard` has it for views; 0: all in one.',
    examples: [5000],
  },
  batchSize: {
    ...{ type: 'integer', minimum: 1, maximum: 65_536, default: 100 },
    description: 'Images of a step of training: mixes stay within a batch, so it is fixed here. ImageNet: 1024.',
    examples: [100, 1024],
  },
  crop: {
    enum: [...CROPS],
    default: 'resized',
    description:
      'The part of an image that is seen. `resized`: of random size, brought back to full size. `padded`: moved by up to `padding` pixels over black. `none`: all of it.',
  },
  minimumArea: {
    ...{ type: 'number', exclusiveMinimum: 0, maximum: 1, default: 0.08 },
    description: 'Smallest share of the image that a resized crop may be.',
  },
  maximumArea: {
    ...{ type: 'number', exclusiveMinimum: 0, maximum: 1, default: 1 },
    description: 'Largest share of the image that a resized crop may be. FKD: 0.936, as its teacher was trained.',
    examples: [1, 0.936],
  },
  padding: {
    ...{ type: 'integer', minimum: 0, maximum: 32_767, default: 4 },
    description: 'Most pixels by which a padded crop is moved, either way.',
  },
  flip: { type: 'boolean', default: true, description: 'Whether half of the views are mirrored.' },
  mix: {
    enum: [...MIXES],
    default: 'cutmix',
    description:
      'What is mixed into the views of a batch, of a permutation of itself; the teacher sees the mixed images. `none`: FKD as published.',
  },
  mixAlpha: {
    ...{ type: 'number', exclusiveMinimum: 0, maximum: 1000, default: 1 },
    description: 'The share that is mixed is drawn from Beta(α, α): CutMix 1, MixUp 0.8.',
  },
  keep: {
    enum: [...KEEPS],
    default: 'full',
    description:
      'What is stored of a label. `full`: the teacher’s logits. `topk`: the probabilities of the `kept` likeliest classes. `smooth`: of the likeliest alone. `hard`: the likeliest class itself.',
  },
  kept: {
    ...{ type: 'integer', minimum: 1, maximum: 32_767, default: 5 },
    description: 'Classes that `keep: topk` stores.',
    examples: [5, 10],
  },
  renormalise: {
    ...{ type: 'boolean', default: false },
    description: 'Whether classes that `keep: topk` does not store have no probability; else they share the rest.',
  },
  temperature: {
    ...{ type: 'number', exclusiveMinimum: 0, default: 1 },
    description: 'Temperature of probabilities that are stored; logits have none.',
  },
  precision: {
    enum: ['float16', 'float32'],
    default: 'float16',
    description: 'How logits and probabilities are stored.',
  },
  statistics: {
    enum: ['running', 'batch'],
    default: 'running',
    description:
      'What batch norm of the teacher takes: `running`, those of its training; `batch`, those of the views that it labels (SRe2L’s CIFAR code, SRe2L++).',
  },
  ensemble: {
    enum: ['mean', 'rescaled'],
    default: 'mean',
    description:
      'How logits of several teachers are one (G-VBSM): their mean, or the mean after each got the same norm over a batch.',
  },
};

/** What the parameters say of the labels. */
export function labelParameters(params: JsonObject, classes: number) {
  const { batchSize, crop, minimumArea, maximumArea, padding, flip, mix, mixAlpha } = params;
  const { keep, kept, renormalise, temperature, precision } = params;
  return {
    ...{ batchSize, crop, minimumArea, padding, flip, mix, mixAlpha },
    ...(maximumArea !== 1 && { maximumArea }),
    ...{ keep, temperature, precision, renormalised: renormalise },
    kept: keep === 'topk' ? Math.min(kept as number, classes) : 1,
  } as Pick<
    SoftLabelFacts,
    | ('batchSize' | 'crop' | 'minimumArea' | 'maximumArea' | 'padding' | 'flip' | 'mix' | 'mixAlpha')
    | ('keep' | 'temperature' | 'precision' | 'renormalised' | 'kept')
  >;
}
