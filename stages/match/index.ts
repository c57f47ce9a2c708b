/** Images moved until networks cannot tell them from the data, by what the method matches. */
import type { JsonObject } from '../../base/json.ts';
import type { DataSummary } from '../../data/data-set.ts';
import { augmentParameter, augmentProblems } from '../augment-parameter.ts';
import { bytesOfSet } from '../bytes/set.ts';
import { hasBatchNorm, networkDataProblems, networkParameter, networkProblems } from '../network-parameter.ts';
import type { InputProblem, InputStage, RuleProblem, StageKind } from '../stage.ts';
import { whiteningInput, whiteningProblems } from '../whitening.ts';
import { gradientParameters, loopsProblems } from './gradient-parameters.ts';
import { METHODS, methodDefaults, methodOf, methodProblems } from './methods.ts';
import { dealtProblems, stepsParameters, stepsProblems } from './steps-parameters.ts';
import { bufferProblems, trajectoryParameters, trajectoryProblems } from './trajectory-parameters.ts';

export const match: StageKind = {
  kind: 'match',
  version: 2,
  description: 'Optimises a synthetic set so that it matches the data under networks.',
  parameters: {
    type: 'object',
    properties: {
      method: {
        enum: ['dm', 'dc', 'dsa', 'mtt', 'tesla', 'dd'],
        description:
          'What is matched. `dm`: the mean embedding of each class (Zhao and Bilen, WACV 2023). `dc`: the loss gradient of each class (Zhao et al., ICLR 2021). `dsa`: the same on augmented images (Zhao and Bilen, ICML 2021). `mtt`: where training leads (Cazenavette et al., CVPR 2022). `tesla`: the same in two passes, with soft labels on request (Cui et al., ICML 2023). `dd`: nothing; images and the sizes of the steps on them are learned together, so that a network that takes these steps ends with a low loss on real images (Wang et al., 2018).',
      },
      iterations: {
        type: 'integer',
        minimum: 1,
        maximum: 100_000_000,
        default: 20_000,
        description:
          'Steps on the images. `dm`: each under a new random network. `dc` and `dsa`: one is all steps under one network. Unless given: `dc` and `dsa` 1000, `mtt` 5000, `tesla` 10000, `dd` 23600 (400 passes over MNIST).',
        examples: [300, 20_000],
      },
      learningRate: {
        type: 'number',
        exclusiveMinimum: 0,
        default: 1,
        description:
          'Step size on the images (`dd`: of Adam, also on its raw step sizes). `dm`: the paper takes 10 from 100 images per class on. Unless given: `dc` and `dsa` 0.1 (under an MLP 0.01), `mtt` and `tesla` 1000, `dd` 0.01.',
      },
      momentum: {
        type: 'number',
        minimum: 0,
        exclusiveMaximum: 1,
        default: 0.5,
        description: 'Momentum of the steps on the images; `dd`: β₁ of Adam.',
      },
      batchReal: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000_000,
        default: 256,
        description:
          '`dm`, `dc` and `dsa`: real images of each class and step, drawn anew each time. `dd`: of all classes, pass by pass; 1024 unless given.',
      },
      ...gradientParameters,
      ...trajectoryParameters,
      ...stepsParameters,
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
    trajectories: {
      type: 'trajectories',
      required: false,
      description: '`mtt` and `tesla`: the experts that students follow, of a stage `buffer`.',
    },
    whitening: whiteningInput,
  },
  figures: ['loss', 'learningRate'],
  outputs: { images: { type: 'synthetic-set', description: 'The optimised images.' } },
  replicates: ['set'],
  usesData: true,
  threads: 2,
  // Every draw is a function of the seed and the iteration, and no schedule looks at the total.
  prefixExtending: 'iterations',
  defaults: methodDefaults,
  rules: (params) => [
    ...methodProblems(params, match.parameters),
    ...trajectoryProblems(params),
    ...stepsProblems(params),
    ...augmentProblems(params.augment as string),
    ...networkProblems(params.network as JsonObject, { embeds: methodOf(params).embeds }),
  ],
  inputRules: (params, inputs) => [
    ...inputProblems(params.method as string, inputs),
    ...whiteningProblems(inputs, ['start', 'trajectories']),
    ...(['dc', 'dsa'].includes(params.method as string) ? loopsProblems(params, inputs.start) : []),
    ...dealtProblems(params, inputs.start),
    ...(methodOf(params).follows && inputs.trajectories ? bufferProblems(params, inputs.trajectories) : []),
  ],
  dataRules: ({ method, network, batchReal }, data) => [
    ...networkDataProblems(network as JsonObject, data),
    ...(BY_CLASS.includes(method as string) ? emptyClassProblems(data) : []),
    ...(method === 'dm' ? fullBatchProblems(network as JsonObject, batchReal as number, data) : []),
  ],
  bytes(params, { start }, set) {
    const imagesPerClass = start?.imagesPerClass;
    // Sets with steps of their own have more to say.
    if (!set || typeof imagesPerClass !== 'number' || methodOf(params).steps) return undefined;
    const { classes } = set;
    const own = bytesOfSet({ set, classes, imagesPerClass, mostInOne: Number.POSITIVE_INFINITY });
    const soft = params.softLabels === true ? 4 * classes * classes * imagesPerClass : 0;
    // The picture from before is its start's, which is in the store.
    return own + soft;
  },
  async open(context) {
    const { follows, steps } = methodOf(context.params);
    if (steps) return (await import('./steps-run.ts')).openStepsMatch(context);
    return follows
      ? (await import('./trajectory-run.ts')).openTrajectoryMatch(context)
      : (await import('./run.ts')).openMatch(context);
  },
};

/** Methods read what they match, and nothing that they do not. */
function inputProblems(method: string, inputs: Readonly<Record<string, InputStage>>): InputProblem[] {
  const follows = METHODS[method]?.follows;
  if (follows && !inputs.trajectories) {
    const message = `Method \`${method}\` needs \`trajectories: STAGE\`, the name of a stage of kind \`buffer\`.`;
    return [{ path: ['method'], message }];
  }
  const strange = [...(follows ? [] : ['trajectories']), ...(METHODS[method]?.steps ? ['whitening'] : [])];
  return strange.flatMap((role) =>
    inputs[role] ? [{ path: [role], message: `Method \`${method}\` reads no \`${role}\`.` }] : [],
  );
}

/** Methods that draw real images class by class. */
const BY_CLASS = ['dm', 'dc', 'dsa'];

function emptyClassProblems({ title, classNames, perClass }: DataSummary): RuleProblem[] {
  const label = perClass.indexOf(0);
  if (label < 0) return [];
  const message = `Real images of each class are matched, but ${title} has none of ${classNames[label] ?? label}: leave the class out (\`data.classes\`).`;
  return [{ path: ['method'], message }];
}

/** A norm over the batch sees all classes at once, so every class must fill its part of the batch. */
function fullBatchProblems(
  network: JsonObject,
  batchReal: number,
  { title, classNames, perClass }: DataSummary,
): RuleProblem[] {
  const fewest = Math.min(...perClass);
  if (batchReal <= fewest || !hasBatchNorm(network)) return [];
  const label = perClass.indexOf(fewest);
  const message = `With batch norm, matching needs \`batchReal\` (${batchReal}) images of each class; ${classNames[label] ?? label} of ${title} has ${fewest}.`;
  return [{ path: ['batchReal'], message }];
}
