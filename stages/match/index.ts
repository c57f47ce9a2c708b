/** Images moved until networks cannot tell them from the data, by what the method matches. */
import type { JsonObject } from '../../base/json.ts';
import type { DataSummary } from '../../data/data-set.ts';
import { augmentParameter, augmentProblems } from '../augment-parameter.ts';
import { networkDataProblems, networkParameter, networkProblems } from '../network-parameter.ts';
import type { RuleProblem, StageKind } from '../stage.ts';

export const match: StageKind = {
  kind: 'match',
  version: 1,
  description: 'Optimises a synthetic set so that it matches the data under networks.',
  parameters: {
    type: 'object',
    properties: {
      method: {
        enum: ['dm'],
        description: 'What is matched. `dm`: the mean embedding of each class (Zhao and Bilen, WACV 2023).',
      },
      iterations: {
        type: 'integer',
        minimum: 1,
        maximum: 100_000_000,
        default: 20_000,
        description: 'Steps on the images, each under a new random network.',
        examples: [300, 20_000],
      },
      learningRate: {
        type: 'number',
        exclusiveMinimum: 0,
        default: 1,
        description: 'Step size on the images; the paper takes 10 from 100 images per class on.',
      },
      momentum: {
        type: 'number',
        minimum: 0,
        exclusiveMaximum: 1,
        default: 0.5,
        description: 'Momentum of the steps on the images.',
      },
      batchReal: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000_000,
        default: 256,
        description: 'Real images of each class and step, drawn anew each time.',
      },
      augment: augmentParameter,
      network: networkParameter,
    },
    required: ['method'],
  },
  inputs: {
    start: {
      type: 'synthetic-set',
      required: true,
      description: 'The images to start from, equally many of each class, usually of `select`.',
    },
  },
  outputs: { images: { type: 'synthetic-set', description: 'The optimised images.' } },
  replicates: ['set'],
  usesData: true,
  threads: 2,
  // Every draw is a function of the seed and the iteration, and no schedule looks at the total.
  prefixExtending: 'iterations',
  rules: ({ augment, network }) => [
    ...augmentProblems(augment as string),
    ...networkProblems(network as JsonObject, { embeds: true }),
  ],
  dataRules: ({ network, batchReal }, data) => [
    ...networkDataProblems(network as JsonObject, data),
    ...fullBatchProblems(network as JsonObject, batchReal as number, data),
  ],
  async open(context) {
    return (await import('./run.ts')).openMatch(context);
  },
};

/** A norm over the batch sees all classes at once, so every class must fill its part of the batch. */
function fullBatchProblems(
  network: JsonObject,
  batchReal: number,
  { title, classNames, perClass }: DataSummary,
): RuleProblem[] {
  const fewest = Math.min(...perClass);
  if (network.norm !== 'batch' || batchReal <= fewest) return [];
  const label = perClass.indexOf(fewest);
  const message = `With batch norm, matching needs \`batchReal\` (${batchReal}) images of each class; ${classNames[label] ?? label} of ${title} has ${fewest}.`;
  return [{ path: ['batchReal'], message }];
}
