/**
 * Expert trajectories for matching (MTT, section 3.1): networks trained on real images, their parameters kept after every
 * epoch. Experts draw on the experiment's seed alone, so that all cells, sets and methods share one buffer.
 */
import { canonicalJson } from '../../base/canonical-json.ts';
import type { JsonObject } from '../../base/json.ts';
import { augmentParameter, augmentProblems } from '../augment-parameter.ts';
import { bytesOfTrajectory } from '../bytes/network.ts';
import { networkDataProblems, networkParameter, networkProblems } from '../network-parameter.ts';
import { imagesParameter, imagesProblems } from '../real-training.ts';
import type { InputProblem, InputStage, StageKind } from '../stage.ts';
import { whiteningInput, whiteningProblems } from '../whitening.ts';

const count = { type: 'integer', minimum: 1, maximum: 1_000_000 } as const;

export const buffer: StageKind = {
  kind: 'buffer',
  version: 1,
  description: 'Trains expert networks on the real images and keeps how their parameters went.',
  parameters: {
    type: 'object',
    properties: {
      experts: {
        ...count,
        default: 100,
        description:
          'Networks, each from a random start of its own. One is held in memory at a time, (epochs + 1) x parameters x 4 bytes.',
        examples: [10, 100],
      },
      epochs: { ...count, default: 50, description: 'Passes of each over the training images.', examples: [20, 50] },
      learningRate: { type: 'number', exclusiveMinimum: 0, default: 0.01, description: 'Step size.' },
      momentum: { type: 'number', minimum: 0, exclusiveMaximum: 1, default: 0, description: 'Momentum of SGD.' },
      weightDecay: { type: 'number', minimum: 0, default: 0, description: 'Weight decay of SGD.' },
      batchSize: { ...count, default: 256, description: 'Images of a step; the last, smaller batch is kept.' },
      decay: {
        type: 'boolean',
        default: false,
        description: 'Whether the step size falls to a tenth after pass ⌊epochs/2⌋ + 2, as the published code can.',
      },
      images: imagesParameter,
      augment: augmentParameter,
      network: networkParameter,
    },
  },
  inputs: {
    earlier: {
      type: 'trajectories',
      required: false,
      description:
        'A stage `buffer` whose experts come first: its files are handed on, and `experts` more are trained.',
    },
    whitening: whiteningInput,
  },
  figures: ['expertAccuracy', 'trainLoss'],
  outputs: { trajectories: { type: 'trajectories', description: 'One file an expert: its parameters by epoch.' } },
  replicates: [],
  usesData: true,
  threads: 2,
  rules: ({ augment, network }) => [...augmentProblems(augment as string), ...networkProblems(network as JsonObject)],
  dataRules: ({ network, images }, data) => [
    ...networkDataProblems(network as JsonObject, data),
    ...imagesProblems(images, data),
  ],
  inputRules: (params, inputs) => [
    ...whiteningProblems(inputs, ['earlier']),
    ...earlierProblems(params, inputs.earlier),
  ],
  // Earlier experts are handed on as they are.
  bytes({ experts, epochs, network }, _, set) {
    const each = set && bytesOfTrajectory(network as JsonObject, epochs as number, set);
    return each === undefined ? undefined : each * (experts as number);
  },
  async open(context) {
    return (await import('./run.ts')).openBuffer(context);
  },
};

/** One buffer holds trajectories of one kind. */
function earlierProblems(params: JsonObject, earlier: InputStage | undefined): InputProblem[] {
  if (earlier?.kind !== 'buffer') return [];
  const same = Object.keys(buffer.parameters.properties).filter((name) => name !== 'experts');
  return same.flatMap((name) => {
    const [own, theirs] = [params[name] ?? null, earlier.params[name] ?? null];
    if (canonicalJson(own) === canonicalJson(theirs)) return [];
    const message = `Experts of one buffer are trained alike, but \`${name}\` is ${JSON.stringify(own)} here and ${JSON.stringify(theirs)} in \`${earlier.name}\`.`;
    return [{ path: [name], message, against: { role: 'earlier', path: [name] } }];
  });
}
