/** What the conformance suites run of every stage kind: the smallest parameters that go through every branch of a step. */
import type { JsonObject } from '../../base/json.ts';
import { classifierFile } from './classifier-file.ts';

export interface UpstreamCase {
  readonly kind: string;
  readonly params: JsonObject;
  /** By role. */
  readonly inputs?: Readonly<Record<string, UpstreamCase>>;
}

export interface ConformanceCase extends UpstreamCase {
  /** What is special about it. */
  readonly what: string;
  readonly threads?: number;
}

const network: JsonObject = { kind: 'convnet', width: 4, depth: 2 };
const batchNorm: JsonObject = { ...network, norm: 'batch' };
const experts: JsonObject = { experts: 2, epochs: 2, images: 50, batchSize: 20, network };
const whitening: UpstreamCase = { kind: 'zca', params: { images: 300 } };
const trajectories: UpstreamCase = { kind: 'buffer', params: experts };
const student: JsonObject = {
  ...{ iterations: 4, studentSteps: 3, expertEpochs: 1, maxStartEpoch: 2, network },
  ...{ learningRate: 10, stepSizeLearningRate: 1e-6 },
};
const teacher: UpstreamCase = { kind: 'squeeze', params: { epochs: 1, images: 50, batchSize: 20, network: batchNorm } };
const plainTeacher: UpstreamCase = { ...teacher, params: { ...teacher.params, network } };
const statistics: UpstreamCase = {
  kind: 'statistics',
  params: { images: 50, batchSize: 20 },
  inputs: { 'teacher[0]': teacher, 'teacher[1]': plainTeacher },
};
const selected: UpstreamCase = { kind: 'select', params: { imagesPerClass: 2 } };
const ownSteps: JsonObject = { method: 'dd', iterations: 4, distillSteps: 2, distillEpochs: 2, batchReal: 40, network };

const scored: UpstreamCase = { kind: 'evaluate', params: { epochs: 1, network }, inputs: { images: selected } };
const maps: UpstreamCase = {
  kind: 'relabel',
  params: { mode: 'maps', batchSize: 12 },
  inputs: {
    images: selected,
    teacher: { ...teacher, params: { ...teacher.params, network: { ...batchNorm, head: 'globalAverage' } } },
  },
};

/** Each step in a tick of its own, so that it is seen as one. */
const PROGRAM = `
const [, out, seed] = process.argv;
const { mkdirSync, writeFileSync } = require('fs');
let [value, step] = [Number(seed), 0];
const next = () => {
  value = Math.imul(value ^ ++step, 0x9e3779b1);
  console.log('retort: step ' + step + '/4 value=' + value);
  if (step < 4) return setTimeout(next, 20);
  writeFileSync(out + '/pictures/value.txt', String(value));
  writeFileSync(out + '/metrics/metrics.json', JSON.stringify({ value }));
};
next();
`;

/** The first of a kind is also run in processes that are killed; it should have at least four steps where it can. */
export const CASES: readonly ConformanceCase[] = [
  { kind: 'select', what: 'random', params: { imagesPerClass: 2 } },
  { kind: 'select', what: 'whitened', params: { imagesPerClass: 2 }, inputs: { whitening } },
  ...['herding', 'k-center', 'forgetting'].map((method) => ({
    kind: 'select',
    what: method,
    params: { method, imagesPerClass: 2, epochs: 2, images: 300, embeddingNetwork: batchNorm },
  })),
  {
    kind: 'select',
    what: 'herding by a network that is given',
    params: { method: 'herding', imagesPerClass: 2, images: 300 },
    inputs: { network: { kind: 'pretrain', params: { epochs: 1, images: 50, batchSize: 20, network } } },
  },
  { kind: 'select', what: 'class means', params: { method: 'mean', imagesPerClass: 2 } },
  { kind: 'select', what: 'noise', params: { method: 'noise', imagesPerClass: 2 } },
  { kind: 'zca', what: 'few images', params: { images: 300 } },
  { kind: 'buffer', what: 'DSA', params: experts },
  { kind: 'buffer', what: 'after others', params: experts, inputs: { earlier: { kind: 'buffer', params: experts } } },
  {
    kind: 'buffer',
    what: 'batch norm, momentum, decay and whitening',
    params: { ...experts, experts: 1, epochs: 3, momentum: 0.9, weightDecay: 5e-4, decay: true, network: batchNorm },
    inputs: { whitening },
  },
  { kind: 'pretrain', what: 'few images', params: { epochs: 4, images: 50, batchSize: 20, network: batchNorm } },
  { kind: 'squeeze', what: 'few images', params: { epochs: 4, images: 50, batchSize: 20, network: batchNorm } },
  { kind: 'import', what: 'a file of four batches', params: { file: classifierFile(), batchSize: 500 } },
  // Batches of 6 and 4 classes: two sizes, and steps between them.
  {
    kind: 'recover',
    what: 'SRe2L with every term and change',
    params: { imagesPerClass: 2, iterations: 3, batchSize: 6, totalVariation: 1e-4, l2: 1e-5 },
    inputs: { teacher },
  },
  {
    kind: 'recover',
    what: 'in shards',
    params: { imagesPerClass: 2, iterations: 2, batchSize: 3, classesPerShard: 4 },
    inputs: { teacher },
  },
  {
    kind: 'recover',
    what: "CDA's curriculum, nothing else",
    params: { imagesPerClass: 1, iterations: 4, curriculum: 'cosine', flip: false, jitter: 0 },
    inputs: { teacher },
  },
  {
    kind: 'recover',
    what: 'a coarse start, whole images that are shifted and rolled one way',
    params: { imagesPerClass: 1, iterations: 4, coarse: 0.5, crop: false, padding: 2, jitterBothWays: false },
    inputs: { teacher },
  },
  // Two backbones in turn, whose averages go from the first batch (6 images) to the last (2).
  {
    kind: 'recover',
    what: 'G-VBSM',
    params: { method: 'g-vbsm', imagesPerClass: 2, iterations: 3, batchSize: 6, groups: 1 },
    inputs: { 'teacher[0]': teacher, 'teacher[1]': plainTeacher, 'statistics[0]': statistics },
  },
  {
    kind: 'statistics',
    what: 'two teachers',
    params: { images: 50, batchSize: 20, crop: true },
    inputs: { 'teacher[0]': teacher, 'teacher[1]': plainTeacher },
  },
  // Batches of 12 leave a last one of 8; the first epochs' files stand in the state by their digests alone.
  {
    kind: 'relabel',
    what: 'CutMix, all logits',
    params: { epochs: 4, batchSize: 12 },
    inputs: { images: selected, teacher },
  },
  {
    kind: 'relabel',
    what: 'MixUp of padded crops, the likeliest classes by the batch',
    params: {
      epochs: 2,
      batchSize: 12,
      crop: 'padded',
      mix: 'mixup',
      mixAlpha: 0.8,
      keep: 'topk',
      statistics: 'batch',
    },
    inputs: { images: selected, teacher },
  },
  { ...maps, what: 'label maps' },
  { ...maps, what: 'label maps in shards', params: { ...maps.params, imagesPerShard: 8 } },
  {
    kind: 'relabel',
    what: 'in shards',
    params: { epochs: 3, batchSize: 12, epochsPerShard: 2 },
    inputs: { images: selected, teacher },
  },
  {
    kind: 'match',
    what: 'dm',
    params: { method: 'dm', iterations: 6, batchReal: 6, network },
    inputs: { start: selected },
  },
  {
    kind: 'match',
    what: 'dm with batch norm, two threads',
    params: { method: 'dm', iterations: 4, batchReal: 6, learningRate: 0.1, network: batchNorm },
    inputs: { start: selected },
    threads: 2,
  },
  {
    kind: 'match',
    what: 'dm without augmentation and momentum',
    params: { method: 'dm', iterations: 3, batchReal: 6, momentum: 0, augment: 'none', network },
    inputs: { start: selected },
  },
  {
    kind: 'match',
    what: 'dm, whitened',
    params: { method: 'dm', iterations: 3, batchReal: 6, network },
    inputs: { start: { ...selected, inputs: { whitening } }, whitening },
  },
  {
    kind: 'match',
    what: 'dc with training between its steps',
    params: { method: 'dc', iterations: 3, outerSteps: 2, networkEpochs: 2, batchReal: 20, network },
    inputs: { start: selected },
  },
  {
    kind: 'match',
    what: 'dsa with batch norm',
    params: { method: 'dsa', iterations: 2, outerSteps: 2, networkEpochs: 1, batchReal: 5, network: batchNorm },
    inputs: { start: selected },
  },
  {
    kind: 'match',
    what: 'dsa under a network that is never trained',
    params: { method: 'dsa', iterations: 4, outerSteps: 1, batchReal: 5, network },
    inputs: { start: selected },
  },
  {
    kind: 'match',
    what: 'mtt',
    params: { ...student, method: 'mtt', batchSynthetic: 6 },
    inputs: { start: selected, trajectories },
  },
  {
    kind: 'match',
    what: 'tesla with soft labels, whitened',
    params: { ...student, method: 'tesla', softLabels: true },
    inputs: {
      start: { ...selected, inputs: { whitening } },
      trajectories: { ...trajectories, inputs: { whitening } },
      whitening,
    },
  },
  {
    kind: 'match',
    what: 'dd, two networks an iteration, real images moved',
    params: { ...ownSteps, networkDraws: 2, augmentReal: 'crop_flip' },
    inputs: { start: selected },
  },
  {
    kind: 'match',
    what: 'dd from one start',
    params: { ...ownSteps, networkStart: 'fixed' },
    inputs: { start: selected },
  },
  {
    kind: 'command',
    what: 'a program of four steps',
    params: {
      run: ['node', '-e', PROGRAM, '{out}', '{seed}'],
      files: [],
      outputs: ['pictures', 'metrics'],
      steps: 4,
    },
  },
  // Epoch 4 comes after the rate has fallen; batches of 12 leave a last one of 8.
  { kind: 'evaluate', what: 'DSA', params: { epochs: 4, batchSize: 12, network }, inputs: { images: selected } },
  {
    kind: 'evaluate',
    what: 'steps that were learned',
    params: { steps: 'learned', network },
    inputs: { images: { kind: 'match', params: ownSteps, inputs: { start: selected } } },
  },
  { kind: 'evaluate', what: 'batch norm', params: { epochs: 2, network: batchNorm }, inputs: { images: selected } },
  {
    kind: 'evaluate',
    what: "DC's augmentation",
    params: { epochs: 2, augmentFamily: 'dc', augment: 'crop_scale_rotate_noise', network },
    inputs: { images: selected },
  },
  {
    kind: 'evaluate',
    what: 'label maps',
    params: { loss: 'kl', temperature: 1, epochs: 2, network: batchNorm },
    inputs: { images: selected, labels: maps },
  },
  // Batches of 6 images in two views, then two epochs view by view.
  {
    kind: 'evaluate',
    what: 'soft labels, two crops of an image',
    params: { loss: 'kl', epochs: 6, cropsPerImage: 2, network: batchNorm },
    inputs: {
      images: selected,
      labels: {
        kind: 'relabel',
        params: { epochs: 3, batchSize: 12, mix: 'none' },
        inputs: { images: selected, teacher },
      },
    },
  },
  // Two epochs of labels for three of the student's.
  {
    kind: 'evaluate',
    what: 'soft labels',
    params: { loss: 'kl', epochs: 3, warmUp: 1, network: batchNorm },
    inputs: {
      images: selected,
      labels: { kind: 'relabel', params: { epochs: 2, batchSize: 12 }, inputs: { images: selected, teacher } },
    },
  },
  {
    kind: 'evaluate',
    what: 'whitened',
    params: { epochs: 1, network },
    inputs: { images: { ...selected, inputs: { whitening } }, whitening },
  },
  {
    kind: 'rank',
    what: 'one evaluation for all',
    params: {},
    inputs: { full: scored, hard: scored, own: scored, random: scored },
  },
];
