import { beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { bundledFolder, openDataSet } from '../../data/registry.ts';
import { openStage, runStage } from '../../test/rig/stage-runs.ts';
import { heldFiles } from '../held-files.ts';
import type { ArtifactFiles, State } from '../stage.ts';
import { readSyntheticSet } from '../synthetic-set.ts';

const network: JsonObject = { kind: 'convnet', width: 8, depth: 2 };
const set = unwrap(openDataSet('fashion-mnist', bundledFolder('fashion-mnist')));
let inputs: Record<string, ArtifactFiles>;

const student: JsonObject = {
  ...{ method: 'mtt', network, iterations: 12, studentSteps: 5, expertEpochs: 1, maxStartEpoch: 2 },
  ...{ learningRate: 50, stepSizeLearningRate: 1e-6 },
};

beforeAll(async () => {
  const start = await runStage({ kind: 'select', params: { imagesPerClass: 1 } });
  const experts = { experts: 2, epochs: 3, images: 600, batchSize: 64, network };
  const buffer = await runStage({ kind: 'buffer', params: experts });
  inputs = { start: start.artifacts.images!, trajectories: buffer.artifacts.trajectories! };
});

const match = (params: JsonObject, others: Record<string, ArtifactFiles> = {}) =>
  runStage({ kind: 'match', params: { ...student, ...params }, inputs: { ...inputs, ...others } });

const setOf = (images: ArtifactFiles) => unwrap(readSyntheticSet(heldFiles(images), set));

it.each(['mtt', 'tesla'])('%s brings students nearer to the experts, and hands on the step size', async (method) => {
  const { figures, metrics, artifacts } = await match({ method, iterations: 30, augment: 'none' });
  const mean = (from: number) => figures.slice(from, from + 10).reduce((sum, { loss }) => sum + loss! / 10, 0);
  expect(mean(20)).toBeLessThan(0.95 * mean(0));
  const made = setOf(artifacts.images!);
  expect(made.learningRate).toBe(metrics.learningRate);
  expect(made.learningRate).not.toBe(0.01);
  expect(made.softLabels).toBeUndefined();
  const scored = await runStage({
    kind: 'evaluate',
    params: { epochs: 2, learningRate: 'learned', network },
    inputs: { images: artifacts.images! },
  });
  expect(scored.figures).toHaveLength(3);
});

/** What one iteration moves images and step size by, for a rate of one on each. */
async function firstMove(params: JsonObject) {
  const given = { ...student, momentum: 0, ...params };
  const opened = await openStage({ kind: 'match', params: given, inputs });
  const before = await opened.run.init();
  const after: State = await opened.run.step(before, 0);
  opened.run.close?.();
  const images = after.tensors.images!.data.map((value, at) => value - before.tensors.images!.data[at]!);
  return { images, stepSize: (after.values.stepSize as number) - (before.values.stepSize as number) };
}

function along(a: ArrayLike<number>, b: ArrayLike<number>): { cosine: number; ratio: number } {
  let [ab, aa, bb] = [0, 0, 0];
  for (let at = 0; at < a.length; at++) {
    ab += a[at]! * b[at]!;
    aa += a[at]! ** 2;
    bb += b[at]! ** 2;
  }
  return { cosine: ab / Math.sqrt(aa * bb), ratio: Math.sqrt(aa / bb) };
}

it('the gradients of TESLA are those of MTT for one step, with half the factor in images; then they part', async () => {
  const one = { studentSteps: 1, augment: 'none', learningRate: 1000 };
  const [exact, published] = [await firstMove(one), await firstMove({ ...one, method: 'tesla' })];
  const { cosine, ratio } = along(published.images, exact.images);
  expect([cosine, ratio]).toEqual([expect.closeTo(1, 5), expect.closeTo(0.5, 3)]);
  expect(published.stepSize / exact.stepSize).toBeCloseTo(1, 3);
  const same = await firstMove({ ...one, method: 'tesla', gradient: 'exact' });
  expect(same).toEqual(exact);

  const many = { ...one, studentSteps: 8, stepSize: 0.1, stepSizeLearningRate: 1e-9 };
  const parted = along((await firstMove({ ...many, method: 'tesla' })).images, (await firstMove(many)).images);
  expect(parted.cosine).toBeGreaterThan(0.3);
  expect(parted.cosine).toBeLessThan(0.999);
});

it("labels of the target network, of the last iteration, take the labels' place", async () => {
  const { artifacts } = await match({ method: 'tesla', softLabels: true });
  const { softLabels, labels } = setOf(artifacts.images!);
  expect(softLabels!.shape).toEqual([10, 10]);
  for (let image = 0; image < 10; image++) {
    const row = [...softLabels!.data.slice(image * 10, image * 10 + 10)];
    expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    expect(row[labels.data[image]!]).toBeLessThan(1);
  }
  const params = { epochs: 1, network };
  const soft = await runStage({ kind: 'evaluate', params, inputs: { images: artifacts.images! } });
  expect(soft.metrics.trainLoss).toBeGreaterThan(0);
});

it.each<[string, JsonObject, string]>([
  ['a step size that ends below zero', { stepSizeLearningRate: 1, iterations: 1 }, 'STEP_SIZE_NEGATIVE'],
  ['images beyond all numbers', { learningRate: 1e42, stepSizeLearningRate: 0 }, 'STEP_NOT_FINITE'],
  ['experts of another network', { network: { ...network, width: 9 } }, 'TRAJECTORIES_FOREIGN'],
  ['experts that end too early', { maxStartEpoch: 4 }, 'TRAJECTORIES_SHORT'],
])('says so: %s', async (_, params, code) => {
  await expect(match(params)).rejects.toMatchObject({
    failure: { code, help: expect.stringMatching(/`/) as string },
  });
});

it('an expert that did not move is told, not the step size', async () => {
  const params = { experts: 1, epochs: 3, images: 60, network, learningRate: 1e-30 };
  const { trajectories } = (await runStage({ kind: 'buffer', params })).artifacts;
  await expect(match({}, { trajectories: trajectories! })).rejects.toMatchObject({
    failure: { code: 'EXPERT_STILL', message: expect.stringMatching(/^Expert 0 is at epoch \d where/) as string },
  });
});

it('names the step size with which a loss has left all numbers', async () => {
  await expect(match({ stepSizeLearningRate: 0.03, learningRate: 1e-6, iterations: 10 })).rejects.toMatchObject({
    failure: {
      code: 'STEP_NOT_FINITE',
      help: expect.stringMatching(/^The learned step size was -?\d.*Lower .*`stepSizeLearningRate`/) as string,
    },
  });
});

it('a rate that nobody learned is asked for in vain', async () => {
  const params = { learningRate: 'learned', epochs: 1, network };
  const scored = runStage({ kind: 'evaluate', params, inputs: { images: inputs.start! } });
  await expect(scored).rejects.toMatchObject({ failure: { code: 'SET_LEARNING_RATE' } });
});
