/** The matching family's protocol: a fresh network trained on the set alone, tested on the real test images. */
import type { Json, JsonObject } from '../../base/json.ts';
import { parseDcStrategy } from '../../nn/augment/dc.ts';
import { augmentParameter, augmentProblems, isWithoutAugment } from '../augment-parameter.ts';
import { METRICS_BYTES } from '../bytes/files.ts';
import { networkDataProblems, networkParameter, networkProblems } from '../network-parameter.ts';
import type { InputProblem, InputStage, RuleProblem, StageKind } from '../stage.ts';
import { whiteningInput, whiteningProblems } from '../whitening.ts';
import { learnedStepsProblems, stepsInputProblems, stepsParameter } from './dd-parameter.ts';
import { softDefaults, softInputProblems, softParameters, softProblems } from './soft-parameters.ts';

export const evaluate: StageKind = {
  kind: 'evaluate',
  version: 2,
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
          'E of the papers: 1000 with augmentation, 300 where `augment` is `none`. As in their code, E + 1 passes over the set are made, and the rate falls to a tenth after pass ⌊E/2⌋ + 2.',
        examples: [300, 1000],
      },
      learningRate: {
        type: ['number', 'string'],
        exclusiveMinimum: 0,
        pattern: '^learned$',
        default: 0.01,
        description: 'Step size on the network: a number, or `learned`, the one that the set carries (`mtt`, `tesla`).',
        examples: [0.01, 'learned'],
      },
      batchSize: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000_000,
        default: 256,
        description:
          'Synthetic images of a step; the last, smaller batch of a pass is kept. With `labels`: as many as `relabel` labelled together.',
      },
      augment: augmentParameter,
      augmentFamily: {
        enum: ['dsa', 'dc'],
        default: 'dsa',
        description:
          "Whose operators `augment` names. `dsa`: one kind a batch, each image by a strength of its own. `dc`: DC's own, one of `crop`, `scale`, `rotate` and `noise` an image; `crop_scale_rotate` unless given (its paper: that on MNIST, `crop_noise` for networks with batch norm).",
      },
      steps: stepsParameter,
      ...softParameters,
      network: networkParameter,
    },
  },
  inputs: {
    images: { type: 'synthetic-set', required: true, description: 'The set to train on.' },
    whitening: whiteningInput,
    labels: {
      type: 'soft-labels',
      required: false,
      description: 'Labels of views of the set, of a stage `relabel`: learned in place of its own.',
    },
    teacher: {
      type: 'network',
      required: false,
      description: 'The network that the soft labels must be of, where that is to be checked.',
    },
  },
  figures: ['accuracy', 'testLoss', 'trainLoss', 'accuracyBefore'],
  outputs: { metrics: { type: 'metrics', description: 'Test accuracy and losses.' } },
  replicates: ['set', 'evaluation'],
  usesData: true,
  threads: 2,
  defaults: (written) => ({ ...matchingDefaults(written), ...softDefaults(written) }),
  rules: (params) => [
    ...softProblems(params),
    ...learnedStepsProblems(params, evaluate.parameters, matchingDefaults(params)),
    ...(params.augmentFamily === 'dc'
      ? dcProblems(params.augment as string)
      : augmentProblems(params.augment as string)),
    ...networkProblems(params.network as JsonObject),
  ],
  dataRules: ({ network }, data) => networkDataProblems(network as JsonObject, data),
  inputRules: (params, inputs, named) => [
    ...whiteningProblems(inputs, ['images']),
    ...learnedProblems(params.learningRate as Json, inputs.images),
    ...stepsInputProblems(params, inputs.images),
    ...softInputProblems(params, inputs, named),
  ],
  bytes: () => METRICS_BYTES,
  async open(context) {
    if (context.params.steps === 'learned') return (await import('./dd-schedule.ts')).openLearnedSteps(context);
    if (context.inputs.labels) return (await import('./soft-run.ts')).openSoftEvaluate(context);
    return (await import('./run.ts')).openEvaluate(context);
  },
};

function matchingDefaults({ augment, augmentFamily }: JsonObject): JsonObject {
  return {
    ...(isWithoutAugment(augment) && { epochs: 300 }),
    ...(augmentFamily === 'dc' && { augment: 'crop_scale_rotate' }),
  };
}

function dcProblems(augment: string): RuleProblem[] {
  const operators = augment === 'none' ? undefined : parseDcStrategy(augment);
  if (!operators || operators.ok) return [];
  const { message, help } = operators.error;
  return [{ path: ['augment'], message: `${message}. ${help ?? ''}`.trimEnd() }];
}

/** Selected images carry no learning rate, nor do those of methods that learn none. */
function learnedProblems(learningRate: Json, images: InputStage | undefined): InputProblem[] {
  const { kind, name, params } = images ?? {};
  const learns = kind === 'match' ? ['mtt', 'tesla'].includes(String(params?.method)) : kind !== 'select';
  if (learningRate !== 'learned' || !images || learns) return [];
  const message = `\`${name}\` carries no learning rate: write a number, or evaluate a set of \`mtt\` or \`tesla\`.`;
  return [{ path: ['learningRate'], message, against: { role: 'images', path: ['method'] } }];
}
