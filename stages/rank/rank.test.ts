import { expect, it } from 'vitest';
import type { Json } from '../../base/json.ts';
import { runStage } from '../../test/rig/stage-runs.ts';
import type { ArtifactFiles, InputStage } from '../stage.ts';
import { rank } from './index.ts';

const told = (value: Json): ArtifactFiles => ({
  'metrics.json': new TextEncoder().encode(JSON.stringify({ accuracy: value })),
});

const inputs = (accuracies: Readonly<Record<string, Json>>) =>
  Object.fromEntries(Object.entries(accuracies).map(([role, value]) => [role, told(value)]));

// The anchors of dd-ranking: α = 0, and HLR 0.50 with IOR -0.07.
it.each([
  [{ full: 0.8, hard: 0.6, own: 0.6, random: 0.4 }, 0.2689],
  [{ full: 0.9, hard: 0.4, own: 0.43, random: 0.5 }, 0.1634],
])('the label-robust score of %j', async (accuracies, lrs) => {
  const { metrics } = await runStage({ kind: 'rank', params: {}, inputs: inputs(accuracies) });
  expect(metrics.lrs).toBeCloseTo(lrs, 4);
  expect(metrics).not.toHaveProperty('ars');
});

it('the augmentation-robust score, its weights, and the best of several rates', async () => {
  const accuracies = { augmented: 0.5, randomAugmented: 0.3, plain: 0.4, 'randomPlain[0]': 0.3, 'randomPlain[1]': 0.4 };
  const { metrics } = await runStage({
    kind: 'rank',
    params: { augmentationWeight: 0.25 },
    inputs: inputs(accuracies),
  });
  expect(metrics.beta).toBeCloseTo(0.05, 12);
  expect(metrics.ars).toBeCloseTo((Math.exp(0.05) - Math.exp(-1)) / (Math.E - Math.exp(-1)), 12);
});

it.each<[Json]>([[61.2], ['high']])('an accuracy of %j is none', async (value) => {
  const given = inputs({ full: 0.8, hard: 0.6, own: 0.6, random: value });
  const ranked = runStage({ kind: 'rank', params: {}, inputs: given });
  await expect(ranked).rejects.toMatchObject({
    failure: { code: 'RANK_ACCURACY', help: expect.any(String) as string },
  });
});

it('half of what a score needs is found before anything starts', () => {
  const stage: InputStage = { name: 'score', kind: 'evaluate', params: {}, inputs: {} };
  const problems = (...roles: readonly string[]) =>
    (rank.inputRules?.({}, Object.fromEntries(roles.map((role) => [`${role}[0]`, stage]))) ?? []).map(
      ({ path, message }) => `${path.join('.')}: ${message}`,
    );
  expect(problems()).toEqual([expect.stringMatching(/^: A score is made of four/)]);
  expect(problems('hard', 'own', 'random')).toEqual([
    'hard: Of `full`, `hard`, `own`, `random` a score needs all four; there is no `full`.',
  ]);
  expect(problems('full', 'hard', 'own', 'random')).toEqual([]);
});
