/** Parameters of the methods that follow trajectories, by the symbols of the papers, and what must go with a buffer. */
import { canonicalJson } from '../../base/canonical-json.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import type { InputProblem, InputStage, RuleProblem } from '../stage.ts';

const count = { type: 'integer', minimum: 1, maximum: 1_000_000 } as const;

export const trajectoryParameters = {
  studentSteps: {
    ...count,
    description: 'N of MTT: steps of the student on synthetic images. `mtt` and `tesla`: 20.',
    examples: [10, 50],
  },
  expertEpochs: {
    ...count,
    description: 'M of MTT: epochs of the expert that these steps should cover. `mtt` and `tesla`: 3.',
    examples: [2, 3],
  },
  maxStartEpoch: {
    ...count,
    description:
      'T⁺ of MTT: the student starts at an epoch drawn from 0 to T⁺ - 1 of the expert. `mtt` and `tesla`: 25.',
    examples: [2, 20, 40],
  },
  batchSynthetic: {
    ...count,
    description: 'Synthetic images of a student step; all of them unless given.',
    examples: [125, 200],
  },
  stepSize: {
    type: 'number',
    exclusiveMinimum: 0,
    description:
      'Where the learned step size of the student starts. `mtt` and `tesla`: 0.01; `dd`: 0.02, of each of its steps.',
    examples: [0.01, 0.001],
  },
  stepSizeLearningRate: {
    type: 'number',
    minimum: 0,
    description: 'Step size on the learned step size; 0 keeps it as it is. `mtt` and `tesla`: 1e-5.',
    examples: [1e-5, 1e-7],
  },
  gradient: {
    enum: ['exact', 'published'],
    description:
      '`exact`: through all student steps, with the memory of one (the default of `mtt`, and all that it takes). `published`: the two passes of TESLA, which leave out how a step moves those after it, with half the factor in the images, as the released script has it (the default of `tesla`): with `exact`, halve `learningRate`.',
  },
  softLabels: {
    type: 'boolean',
    description:
      "`tesla`: whether the target network's probabilities take the place of labels (soft label assignment); those of the last iteration belong to the set. Off unless given.",
  },
} as const satisfies JsonObject;

export function trajectoryProblems({ method, gradient }: JsonObject): RuleProblem[] {
  if (method !== 'mtt' || gradient !== 'published') return [];
  return [
    { path: ['gradient'], message: 'The published gradient of `mtt` is `exact`; two passes are `method: tesla`.' },
  ];
}

/** Found before anything starts: experts that end too early, or that are of another network. */
export function bufferProblems(params: JsonObject, { name, params: theirs }: InputStage): InputProblem[] {
  const problems: InputProblem[] = [];
  const { epochs, network } = theirs as { epochs?: Json; network?: Json };
  const last = (params.maxStartEpoch as number) - 1 + (params.expertEpochs as number);
  if (typeof epochs === 'number' && last > epochs)
    problems.push({
      path: ['maxStartEpoch'],
      message: `Students start as late as epoch ${(params.maxStartEpoch as number) - 1} and are to reach ${params.expertEpochs} epochs further (\`expertEpochs\`), epoch ${last}, but the experts of \`${name}\` end at ${epochs}.`,
      against: { role: 'trajectories', path: ['epochs'] },
    });
  if (network !== undefined && canonicalJson(network) !== canonicalJson(params.network ?? null))
    problems.push({
      path: ['network'],
      message: `Students are of another network than the experts of \`${name}\`: ${JSON.stringify(params.network)} instead of ${JSON.stringify(network)}.`,
      against: { role: 'trajectories', path: ['network'] },
    });
  return problems;
}
