/** Parameters of DD, by the symbols of `dd.md`'s sources, and what must go with the images that it starts from. */
import type { JsonObject } from '../../base/json.ts';
import { isWithoutAugment } from '../augment-parameter.ts';
import type { InputProblem, InputStage, RuleProblem } from '../stage.ts';

const count = { type: 'integer', minimum: 1, maximum: 1_000_000 } as const;

export const stepsParameters = {
  distillSteps: {
    ...count,
    description:
      '`dd`: S, batches that the images are split into, one a step; each holds as many images of every class as the others. 10 unless given.',
    examples: [1, 10],
  },
  distillEpochs: {
    ...count,
    description: '`dd`: E, passes over these batches; every step of every pass has a size of its own. 3 unless given.',
    examples: [3],
  },
  networkStart: {
    enum: ['random', 'fixed'],
    description:
      '`dd`: `random` (the default): networks start anew at every iteration. `fixed`: all of them at one start, drawn once for the set, which the set then carries.',
  },
  networkDraws: {
    ...count,
    description: '`dd`: networks whose gradients an iteration takes the mean of; 1 unless given.',
    examples: [1, 4],
  },
  decayPasses: {
    ...count,
    description:
      '`dd`: passes over the real images after which `learningRate` is halved, again and again; 40 unless given.',
    examples: [40],
  },
  augmentReal: {
    enum: ['none', 'crop_flip'],
    description:
      '`dd`: what is done to real images. `crop_flip`: moved by up to 4 pixels, the border mirrored, and flipped half the time, as published for CIFAR-10. `none` unless given.',
  },
  binary: {
    enum: ['sigmoid', 'softmax'],
    description:
      '`dd`: how two classes are told apart. `sigmoid` (the default, as published): by one logit and the binary cross-entropy. `softmax`: by a logit of each, as more classes are.',
  },
} as const satisfies JsonObject;

/** Logits of the network: one for two classes where they are told apart by a sigmoid. */
export function logitsOf(classes: number, binary: unknown): number {
  return classes === 2 && binary === 'sigmoid' ? 1 : classes;
}

/** The calculus holds the statistics of batch norm for constants, so that its gradient would not be exact. */
export function stepsProblems({ method, network, augment }: JsonObject): RuleProblem[] {
  if (method !== 'dd') return [];
  const problems: RuleProblem[] = [];
  if ((network as JsonObject | undefined)?.norm === 'batch')
    problems.push({ path: ['network', 'norm'], message: 'Method `dd` goes with every norm but `batch`.' });
  if (!isWithoutAugment(augment))
    problems.push({
      path: ['augment'],
      message: 'Method `dd` never augments its images; real ones are by `augmentReal`.',
    });
  return problems;
}

/** Found before anything starts: images that cannot be dealt to the steps. */
export function dealtProblems(params: JsonObject, start: InputStage | undefined): InputProblem[] {
  const imagesPerClass = start?.kind === 'select' ? start.params.imagesPerClass : undefined;
  const steps = params.distillSteps as number;
  if (params.method !== 'dd' || typeof imagesPerClass !== 'number' || imagesPerClass % steps === 0) return [];
  return [
    {
      path: ['distillSteps'],
      message: dealtSentence(imagesPerClass, steps),
      against: { role: 'start', path: ['imagesPerClass'] },
    },
  ];
}

export function dealtSentence(imagesPerClass: number, steps: number): string {
  return `${imagesPerClass} images per class cannot be dealt to ${steps} steps (\`distillSteps\`) alike.`;
}
