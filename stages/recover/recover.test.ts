import { beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { unseenDataSet } from '../../data/registry.ts';
import { decodeSafetensors } from '../../tensor/files/safetensors.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { runStage } from '../../test/rig/stage-runs.ts';
import { squeeze } from '../squeeze/index.ts';
import type { ArtifactFiles, InputStage } from '../stage.ts';
import { batchesAcrossClasses, batchesByClass } from './batches.ts';
import { cropBox, viewDraw } from './draws.ts';
import { recover } from './index.ts';

const network: JsonObject = { kind: 'convnet', width: 6, depth: 2, norm: 'batch' };
let teacher: ArtifactFiles;

beforeAll(async () => {
  const params = { network, images: 400, epochs: 3, batchSize: 50, augment: 'none' };
  teacher = (await runStage({ kind: 'squeeze', params })).artifacts.network!;
});

it('fits the labels, and the statistics where they have a weight', async () => {
  // Without changes of the view every step sees the same loss.
  const still = { imagesPerClass: 1, iterations: 60, crop: false, flip: false, jitter: 0 };
  const of = async (batchNorm: number) => {
    const { figures } = await runStage({ kind: 'recover', params: { ...still, batchNorm }, inputs: { teacher } });
    return [figures[0]!, figures.at(-1)!] as const;
  };
  const [[start, labelsOnly], [, both]] = [await of(0), await of(1)];
  expect(labelsOnly.crossEntropy).toBeLessThan(0.3 * start.crossEntropy!);
  expect(labelsOnly.batchNorm).toBeGreaterThan(0.7 * start.batchNorm!);
  expect(both.crossEntropy).toBeLessThan(start.crossEntropy!);
  expect(both.batchNorm).toBeLessThan(0.3 * start.batchNorm!);
});

it('gives a set of valid pixels sorted by class', async () => {
  const params = { imagesPerClass: 2, iterations: 4 };
  const { figures, artifacts, metrics } = await runStage({ kind: 'recover', params, inputs: { teacher } });
  expect(figures).toHaveLength(8);
  expect(metrics.loss).toBeCloseTo((figures[3]!.loss! + figures[7]!.loss!) / 2, 5);
  const { images, labels } = unwrap(decodeSafetensors(artifacts.images!['synthetic.safetensors']!)).tensors;
  expect(images!.shape).toEqual([20, 1, 28, 28]);
  expect([...labels!.data.subarray(0, 4)]).toEqual([0, 0, 1, 1]);
  // Valid pixels of Fashion-MNIST, normalised by 0.2861 and 0.353.
  expect(Math.min(...images!.data)).toBeGreaterThanOrEqual(-0.2861 / 0.353 - 1e-3);
  expect(Math.max(...images!.data)).toBeLessThanOrEqual((1 - 0.2861) / 0.353 + 1e-3);
  expect(Object.keys(artifacts.images!)).toEqual(['synthetic.safetensors', 'after.png']);
});

it('makes more images of a class without touching those that were', async () => {
  const of = async (imagesPerClass: number) => {
    const params = { imagesPerClass, iterations: 2 };
    const { artifacts } = await runStage({ kind: 'recover', params, inputs: { teacher } });
    return unwrap(decodeSafetensors(artifacts.images!['synthetic.safetensors']!)).tensors.images!.data;
  };
  const [one, two] = [await of(1), await of(2)];
  for (const label of [0, 9])
    expect(two.slice(2 * label * 784, (2 * label + 1) * 784)).toEqual(one.slice(label * 784, (label + 1) * 784));
});

it.each(['layer', 'none', 'instance'])('refuses a teacher with norm %s', async (norm) => {
  const params = { network: { ...network, norm }, images: 20, epochs: 1, batchSize: 20, augment: 'none' };
  const foreign = (await runStage({ kind: 'squeeze', params })).artifacts.network!;
  const run = runStage({ kind: 'recover', params: { imagesPerClass: 1 }, inputs: { teacher: foreign } });
  await expect(run).rejects.toMatchObject({ failure: { code: 'TEACHER_WITHOUT_BATCH_NORM' } });
});

it('says before anything runs what is wrong with a teacher', () => {
  const stage = (params: JsonObject, inputs = {}): InputStage => ({ name: 't', kind: 'squeeze', params, inputs });
  const problems = (input: InputStage) =>
    recover.inputRules!({ method: 'sre2l' }, { 'teacher[0]': input }).map(({ message }) => message);
  expect(problems(stage({ network }))).toEqual([]);
  expect(problems(stage({ network: { kind: 'convnet' } }))[0]).toMatch(/no batch norm.*norm: batch/);
  const whitening = { name: 'z', kind: 'zca', params: {}, inputs: {} };
  expect(problems(stage({ network }, { whitening }))[0]).toMatch(/whitened/);
  expect(recover.rules!({ method: 'sre2l', crop: false, curriculum: 'cosine' })).toHaveLength(1);
  expect(recover.rules!({ method: 'sre2l', crop: false, curriculum: 'none' })).toEqual([]);
});

it('puts each class once into a batch, or class after class in groups', () => {
  const plan = { first: 1, end: 4, imagesPerClass: 2, batchSize: 2 };
  const told = (batches: ReturnType<typeof batchesAcrossClasses>) =>
    batches.map((batch) => batch.map(({ label, slot }) => `${label}.${slot}`).join(' '));
  expect(told(batchesAcrossClasses(plan))).toEqual(['1.0 2.0', '3.0', '1.1 2.1', '3.1']);
  expect(told(batchesByClass(plan, 1))).toEqual(['1.0 1.1', '2.0 2.1', '3.0 3.1']);
  expect(told(batchesByClass({ ...plan, batchSize: 3 }, 2))).toEqual(['1.0 2.0 3.0', '1.1 2.1 3.1']);
});

it('crops within the image, of the area and ratio asked for, and whole where the area is 1', () => {
  const stream = randomStream({ base: 1 }, 'crops');
  for (let step = 0; step < 300; step++) {
    const { top, left, height, width } = cropBox(stream.uniform(step, 22), 0.3, 32, 32);
    expect([top, left, 32 - top - height, 32 - left - width].every((side) => side >= 0)).toBe(true);
    // Sides are rounded to whole pixels.
    expect(height * width).toBeGreaterThan(0.3 * 1024 - 20);
    expect(width / height).toBeGreaterThan(3 / 4 - 0.1);
    expect(width / height).toBeLessThan(4 / 3 + 0.1);
  }
  expect(cropBox(stream.uniform(0, 22), 1, 28, 28)).toEqual({ top: 0, left: 0, height: 28, width: 28 });
});

it('rolls by every number of pixels up to the jitter, either way', () => {
  const stream = randomStream({ base: 1 }, 'rolls');
  const shifts = Array.from({ length: 200 }, (_, step) => {
    return viewDraw(stream, step, 0.08, { height: 28, width: 28, jitter: 2 }).down.data[0]!;
  });
  expect([...new Set(shifts)].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
});

it('has one teacher for all sets and evaluations', () => {
  expect(squeeze.replicates).toEqual([]);
  expect(recover.replicates).toEqual(['set']);
});

it('refuses to move images out of sight', () => {
  const of = (padding: number) =>
    recover.dataRules!({ padding }, { ...unseenDataSet('mnist')!.summary, height: 28, width: 32 });
  expect(of(27)).toEqual([]);
  expect(of(28)).toEqual([
    { path: ['padding'], message: 'Images of 28 x 32 can be moved out of sight by 28 pixels: at most 27.' },
  ]);
});
