import type { JsonObject } from '../../base/json.ts';
import { FailureError, fail } from '../../base/result.ts';
import { augmentationRobustScore, labelRobustScore } from '../../methods/dd-ranking.ts';
import { listOf } from '../input-roles.ts';
import type { ArtifactReader, StageContext, StageRun } from '../stage.ts';
import { AUGMENTATION_ROLES, LABEL_ROLES } from './index.ts';

export async function openRank({ params, inputs }: StageContext): Promise<StageRun> {
  const accuraciesOf = <Role extends string>(roles: readonly Role[]): Record<Role, number> | undefined => {
    if (roles.some((role) => listOf(inputs, role).length === 0)) return undefined;
    return Object.fromEntries(roles.map((role) => [role, bestOf(listOf(inputs, role), role)])) as Record<Role, number>;
  };
  const label = accuraciesOf(LABEL_ROLES);
  const augmentation = accuraciesOf(AUGMENTATION_ROLES);
  const metrics = {
    ...(label && labelRobustScore(label, params.labelWeight as number)),
    ...(augmentation && augmentationRobustScore(augmentation, params.augmentationWeight as number)),
  };

  return {
    steps: 1,
    init: () => ({ tensors: {}, values: {} }),
    step: (state) => state,
    finish() {
      const whole = { ...metrics, accuracies: { ...label, ...augmentation } };
      const file = new TextEncoder().encode(`${JSON.stringify(whole, null, 2)}\n`);
      return { artifacts: { metrics: { 'metrics.json': file } }, metrics };
    },
  };
}

/** The highest test accuracy of some stages, a fraction. */
function bestOf(stages: readonly ArtifactReader[], role: string): number {
  return Math.max(...stages.map((stage) => accuracyOf(stage, role)));
}

function accuracyOf(stage: ArtifactReader, role: string): number {
  const file = stage.files.find((name) => name.endsWith('metrics.json'));
  const found = file && (JSON.parse(new TextDecoder().decode(stage.read(file))) as JsonObject).accuracy;
  if (typeof found === 'number' && found >= 0 && found <= 1) return found;
  const { error } = fail('RANK_ACCURACY', `\`${role}\` should tell an \`accuracy\` from 0 to 1, but tells ${found}.`, {
    ...(file && { place: file }),
    help: 'Name a stage of kind `evaluate` or `pretrain`.',
  });
  throw new FailureError(error);
}
