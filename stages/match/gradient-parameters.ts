/** Parameters of gradient matching (`dc`, `dsa`), and the loops that its authors run for each number of images per class. */
import type { JsonObject } from '../../base/json.ts';
import type { InputProblem, InputStage } from '../stage.ts';

export const gradientParameters = {
  distance: {
    enum: ['ours', 'cos', 'mse'],
    description:
      '`dc` and `dsa`: how gradients are compared. `ours` (the default, and the paper): one minus the cosine, summed over output units. `cos` and `mse`: of all gradients flattened together.',
  },
  outerSteps: {
    type: 'integer',
    minimum: 1,
    maximum: 100_000,
    description:
      '`dc` and `dsa`: steps on the images under one network, which is trained between them. Unless given, as published for 1, 10, 20, 30, 40 and 50 images per class: 1, 10, 20, 30, 40, 50.',
    examples: [1, 10, 50],
  },
  networkEpochs: {
    type: 'integer',
    minimum: 0,
    maximum: 100_000,
    description:
      '`dc` and `dsa`: passes over the synthetic set that train the network between two steps on the images. Unless given, as published for 1, 10, 20, 30, 40 and 50 images per class: 1, 50, 25, 20, 15, 10.',
    examples: [1, 50, 10],
  },
  networkLearningRate: {
    type: 'number',
    exclusiveMinimum: 0,
    description: '`dc` and `dsa`: step size of that training, plain SGD. 0.01 unless given.',
    examples: [0.01],
  },
} as const satisfies JsonObject;

export interface Loops {
  /** Steps on the images under one network. */
  readonly outerSteps: number;
  /** Passes over the synthetic set between two of them. */
  readonly networkEpochs: number;
}

/** `get_loops` of the published code: outer steps and network epochs by images per class. */
const PUBLISHED: Readonly<Record<number, readonly [number, number]>> = {
  1: [1, 1],
  10: [10, 50],
  20: [20, 25],
  30: [30, 20],
  40: [40, 15],
  50: [50, 10],
};

/** What is written, else what is published; undefined where neither is. */
export function loopsOf({ outerSteps, networkEpochs }: JsonObject, imagesPerClass: number): Loops | undefined {
  const [outer, epochs] = PUBLISHED[imagesPerClass] ?? [];
  const loops = { outerSteps: (outerSteps as number) ?? outer, networkEpochs: (networkEpochs as number) ?? epochs };
  // A single step never trains the network.
  if (loops.outerSteps === 1) loops.networkEpochs ??= 0;
  return loops.outerSteps === undefined || loops.networkEpochs === undefined ? undefined : loops;
}

export const LOOPS_HELP = `Write \`outerSteps\` and \`networkEpochs\`; for more than 50 images per class the authors advise the better of 50 and 10, and 20 and 25.`;

/** Found before anything starts: a number of images per class for which nobody has published loops. */
export function loopsProblems(params: JsonObject, start: InputStage | undefined): InputProblem[] {
  const imagesPerClass = start?.kind === 'select' ? start.params.imagesPerClass : undefined;
  if (typeof imagesPerClass !== 'number' || loopsOf(params, imagesPerClass)) return [];
  const message = `Nobody has published loops for ${imagesPerClass} images per class. ${LOOPS_HELP}`;
  return [{ path: ['method'], message, against: { role: 'start', path: ['imagesPerClass'] } }];
}
