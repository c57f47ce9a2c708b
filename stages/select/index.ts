/** Real images of each class as a synthetic set: the baselines of every method, and where methods start. */
import type { JsonObject } from '../../base/json.ts';
import { bytesOfChoice, bytesOfSet, MOST_IN_ONE } from '../bytes/set.ts';
import { networkDataProblems, networkParameter, networkProblems } from '../network-parameter.ts';
import { imagesParameter, imagesProblems } from '../real-training.ts';
import type { InputProblem, InputStage, RuleProblem, StageKind } from '../stage.ts';
import { whiteningInput, whiteningProblems } from '../whitening.ts';

/** Those that choose by what a trained network sees. */
export const TRAINED = ['herding', 'k-center', 'forgetting'];

/** Of those, the ones that need the network only, not the course of its training. */
const BY_EMBEDDING = ['herding', 'k-center'];

const TRAINING: JsonObject = { epochs: 20, learningRate: 0.01 };

export const select: StageKind = {
  kind: 'select',
  version: 1,
  description: 'Chooses real images of each class.',
  parameters: {
    type: 'object',
    properties: {
      method: {
        enum: ['random', 'herding', 'k-center', 'forgetting', 'mean', 'noise'],
        default: 'random',
        description:
          'How they are chosen. `random`: any, each equally likely, none twice. `herding`, `k-center` and `forgetting`: the coresets of the papers, by a network that is trained first. `mean`: none, the mean of the class instead, as often as wanted. `noise`: none, standard normal numbers, where DC starts.',
      },
      imagesPerClass: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000_000,
        default: 10,
        description: 'Images of each class.',
        examples: [1, 10, 50],
      },
      epochs: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000_000,
        description:
          '`herding`, `k-center` and `forgetting`: passes over the training images that train the network; 20 unless given. Forgetting looks at all images after each.',
        examples: [20, 200],
      },
      learningRate: {
        type: 'number',
        exclusiveMinimum: 0,
        description: 'Step size of that training (momentum 0.9, weight decay 5e-4, batches of 256); 0.01 unless given.',
        examples: [0.01],
      },
      images: imagesParameter,
      embeddingNetwork: {
        ...networkParameter,
        description: 'The network that is trained. Not the `network` of the experiment: a random set depends on none.',
      },
    },
  },
  inputs: {
    network: {
      type: 'network',
      required: false,
      description:
        '`herding` and `k-center`: a stage `pretrain` or `squeeze` whose network they choose by, in place of one that is trained here.',
    },
    whitening: whiteningInput,
  },
  figures: [],
  outputs: { images: { type: 'synthetic-set', description: 'The chosen images, sorted by class.' } },
  replicates: ['set'],
  usesData: true,
  threads: 1,
  defaults: ({ method }) => (TRAINED.includes(method as string) ? TRAINING : {}),
  rules: ({ method, epochs, learningRate, embeddingNetwork }) =>
    TRAINED.includes(method as string)
      ? networkProblems(embeddingNetwork as JsonObject, { embeds: method !== 'forgetting' }).map(
          ({ path: [, ...rest], message }) => ({ path: ['embeddingNetwork', ...rest], message }),
        )
      : untrainedProblems(method as string, { epochs, learningRate, embeddingNetwork }),
  inputRules: (params, inputs) => [
    ...(inputs.network ? givenNetworkProblems(params, inputs.network) : []),
    ...whiteningProblems(inputs, ['network']),
  ],
  dataRules: ({ method, imagesPerClass, embeddingNetwork, images }, data) => {
    const problems: RuleProblem[] = TRAINED.includes(method as string)
      ? networkDataProblems(embeddingNetwork as JsonObject, data).map(({ message }) => ({
          path: ['embeddingNetwork'],
          message,
        }))
      : [];
    problems.push(...imagesProblems(images, data));
    const { title, classNames, perClass } = data;
    const wanted = neededOf(method as string, imagesPerClass as number);
    const fewest = Math.min(...perClass);
    if (wanted > fewest) {
      const label = perClass.indexOf(fewest);
      const wants = wanted === 1 ? 'An image of each class is' : `${wanted} images of each class are`;
      const instead = fewest === 0 ? 'leave the class out (`data.classes`)' : `write ${fewest} at most`;
      const message = `${wants} wanted, but ${classNames[label] ?? label} of ${title} has ${fewest === 0 ? 'none' : fewest}: ${instead}.`;
      problems.push({ path: ['imagesPerClass'], message });
    }
    return problems;
  },
  bytes({ method, imagesPerClass: each }, inputs, set) {
    if (!set) return undefined;
    const imagesPerClass = each as number;
    // Whitened ones are one file whatever their size.
    const mostInOne = inputs.whitening ? Number.POSITIVE_INFINITY : MOST_IN_ONE.selected;
    const chosen = method === 'mean' || method === 'noise' ? 0 : bytesOfChoice(set, imagesPerClass);
    return chosen + bytesOfSet({ set, classes: set.classes, imagesPerClass, mostInOne });
  },
  async open(context) {
    return (await import('./run.ts')).openSelect(context);
  },
};

/** Real images that a class must have. */
export function neededOf(method: string, imagesPerClass: number): number {
  if (method === 'noise') return 0;
  return method === 'mean' ? 1 : imagesPerClass;
}

/** What trains a network here says nothing where it is given. */
function givenNetworkProblems(params: JsonObject, network: InputStage): InputProblem[] {
  const method = params.method as string;
  if (!BY_EMBEDDING.includes(method)) {
    const reason = method === 'forgetting' ? 'counts what is forgotten while a network is trained' : 'looks at none';
    return [{ path: ['network'], message: `Method \`${method}\` takes no trained network: it ${reason}.` }];
  }
  const own = { ...TRAINING, embeddingNetwork: { kind: 'convnet' } };
  const strange = Object.entries(own).filter(([name, usual]) => JSON.stringify(params[name]) !== JSON.stringify(usual));
  const problems: InputProblem[] = strange.map(([name]) => ({
    path: [name],
    message: `\`${network.name}\` is trained already: no \`${name}\` is taken beside \`network\`.`,
  }));
  const { kind } = (network.params.network ?? {}) as { kind?: string };
  if (kind === 'mlp' || kind === 'lenet')
    problems.push({
      path: ['network'],
      message: `Expected a network with an embedding; \`${kind}\` has none.`,
      against: { role: 'network', path: ['network'] },
    });
  return problems;
}

function untrainedProblems(
  method: string,
  { epochs, learningRate, embeddingNetwork }: Record<string, unknown>,
): RuleProblem[] {
  const plain = JSON.stringify(embeddingNetwork ?? { kind: 'convnet' }) === '{"kind":"convnet"}';
  const given = { epochs, learningRate, embeddingNetwork: plain ? undefined : embeddingNetwork };
  return Object.entries(given).flatMap(([name, value]) =>
    value === undefined
      ? []
      : [{ path: [name], message: `Method \`${method}\` trains no network and takes no \`${name}\`.` }],
  );
}
