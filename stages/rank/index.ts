/**
 * DD-Ranking's scores from evaluations: how much of an accuracy comes from the images, not from labels or augmentation.
 * It trains nothing; the stages that it reads say by what recipe they were trained, so that they can be looked at one by one.
 */
import type { InputProblem, InputRole, InputStage, StageKind } from '../stage.ts';

const share = { type: 'number', minimum: 0, maximum: 1, default: 0.5 } as const;

/** `several`: of a list the best counts. */
const accuracy = (description: string): InputRole => ({
  ...{ type: 'metrics', required: false, many: true },
  description: `${description} Of several stages the best counts, as where the learning rate is searched for.`,
});

export const LABEL_ROLES = ['full', 'hard', 'own', 'random'] as const;
export const AUGMENTATION_ROLES = ['augmented', 'randomAugmented', 'plain', 'randomPlain'] as const;

export const rank: StageKind = {
  kind: 'rank',
  version: 1,
  description: "DD-Ranking's label-robust and augmentation-robust scores, from the accuracies of other stages.",
  parameters: {
    type: 'object',
    properties: {
      labelWeight: {
        ...share,
        description: 'w of the label-robust score: what improvement over random weighs, against recovery.',
      },
      augmentationWeight: {
        ...share,
        description: 'γ of the augmentation-robust score: what accuracies with augmentation weigh.',
      },
    },
  },
  inputs: {
    full: accuracy('Label-robust score: all real images, hard labels; usually of `pretrain`.'),
    hard: accuracy('Label-robust score: the synthetic set with hard labels.'),
    own: accuracy("Label-robust score: the synthetic set by the method's own labels, loss and augmentation."),
    random: accuracy('Label-robust score: random real images, as many, by the same recipe as `own`.'),
    augmented: accuracy('Augmentation-robust score: the synthetic set with augmentation.'),
    randomAugmented: accuracy('Augmentation-robust score: random real images with augmentation.'),
    plain: accuracy('Augmentation-robust score: the synthetic set without augmentation.'),
    randomPlain: accuracy('Augmentation-robust score: random real images without augmentation.'),
  },
  figures: ['hlr', 'ior', 'alpha', 'lrs', 'beta', 'ars'],
  outputs: { metrics: { type: 'metrics', description: 'The scores, and what they are made of.' } },
  replicates: ['set', 'evaluation'],
  usesData: false,
  threads: 1,
  inputRules: (_, inputs) => rolesProblems(inputs),
  async open(context) {
    return (await import('./run.ts')).openRank(context);
  },
};

/** A score needs its four accuracies, and one score there must be. */
function rolesProblems(inputs: Readonly<Record<string, InputStage>>): InputProblem[] {
  const has = (role: string) => inputs[`${role}[0]`] !== undefined;
  const begun = [LABEL_ROLES, AUGMENTATION_ROLES].filter((roles) => roles.some(has));
  if (begun.length === 0) {
    const message = `A score is made of four accuracies: ${named(LABEL_ROLES)}, or ${named(AUGMENTATION_ROLES)}.`;
    return [{ path: [], message }];
  }
  return begun.flatMap((roles) => {
    const missing = roles.filter((role) => !has(role));
    if (missing.length === 0) return [];
    const message = `Of ${named(roles)} a score needs all four; there is no ${named(missing)}.`;
    return [{ path: [roles.find(has) ?? ''], message }];
  });
}

function named(roles: readonly string[]): string {
  return roles.map((role) => `\`${role}\``).join(', ');
}
