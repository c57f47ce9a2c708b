/** What is timed of the decoupled family: a stage with its parameters on a network. One step of the stage is one turn. */
import type { JsonObject } from '../../base/json.ts';

export interface Work {
  readonly name: string;
  readonly kind: 'recover' | 'relabel' | 'student';
  readonly network: 'resnet18' | 'convnet';
  readonly width: number;
  /** Also how many pixels a side has. */
  readonly set: 'cifar10' | 'cifar100' | 'imagenet-1k';
  readonly side: number;
  readonly classes: number;
  readonly imagesPerClass: number;
  /** Images of a step of recovery, and of training. */
  readonly batchSize: number;
  /** Of labelled views. */
  readonly mix: 'none' | 'cutmix';
  readonly quick: boolean;
  /** Turns of a round. */
  readonly turns: number;
  readonly warm: number;
  /** Ours over theirs, at most. */
  readonly must: number;
}

/** Those of the published code's own arguments: terms that its scripts weigh by 0 cost something here. */
export const RECOVER = { batchNorm: 0.05, firstLayer: 10, totalVariation: 1e-4, l2: 1e-5, learningRate: 0.1 } as const;
export const STUDENT = {
  loss: 'kl',
  temperature: 20,
  optimiser: 'adamw',
  learningRate: 0.001,
  weightDecay: 0.01,
} as const;

const WIDTH = 128;
const small = { width: 0, set: 'cifar10', side: 32, classes: 10, mix: 'none', quick: true, turns: 2, warm: 1 } as const;
const large = { ...small, set: 'imagenet-1k', side: 224 } as const;

export function works(): Work[] {
  const resnet = { network: 'resnet18' } as const;
  const convnet = { network: 'convnet', width: WIDTH } as const;
  const recover = { kind: 'recover', imagesPerClass: 1, must: 1 } as const;
  const hundred = { set: 'cifar100', classes: 100, batchSize: 100 } as const;
  const relabel = { kind: 'relabel', must: 0.9 } as const;
  /** As many pictures as the folder has. */
  const four = { imagesPerClass: 4, quick: false } as const;
  const student = { kind: 'student', imagesPerClass: 10, batchSize: 50, mix: 'cutmix', must: 0.85 } as const;
  return [
    { ...small, ...resnet, ...recover, ...hundred, name: 'recover ResNet18 32 px batch 100' },
    { ...large, ...resnet, ...recover, batchSize: 10, name: 'recover ResNet18 224 px batch 10' },
    { ...small, ...convnet, ...recover, ...hundred, turns: 4, name: 'recover ConvNet W128 batch 100' },
    { ...small, ...resnet, ...relabel, imagesPerClass: 10, batchSize: 100, name: 'relabel ResNet18 32 px' },
    {
      ...large,
      ...resnet,
      ...relabel,
      ...four,
      batchSize: 40,
      name: 'relabel ResNet18 224 px',
    },
    { ...large, ...resnet, ...relabel, ...four, batchSize: 40, mix: 'cutmix', name: 'relabel CutMix ResNet18 224 px' },
    {
      ...small,
      ...resnet,
      ...relabel,
      imagesPerClass: 10,
      batchSize: 100,
      mix: 'cutmix',
      quick: false,
      name: 'relabel CutMix ResNet18 32 px',
    },
    { ...small, ...resnet, ...student, name: 'student epoch ResNet18 32 px' },
    { ...small, ...convnet, ...student, turns: 4, name: 'student epoch ConvNet W128' },
    { ...large, ...resnet, ...student, ...four, batchSize: 20, turns: 1, name: 'student epoch ResNet18 224 px' },
  ];
}

export function networkOf({ network, width, side }: Pick<Work, 'network' | 'width' | 'side'>): JsonObject {
  return network === 'convnet'
    ? { kind: 'convnet', width, norm: 'batch' }
    : { kind: 'resnet', depth: 18, norm: 'batch', stem: side > 64 ? 'imagenet' : 'small' };
}
