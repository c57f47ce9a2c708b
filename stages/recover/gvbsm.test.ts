/** G-VBSM through its stages: statistics of real images, backbones in turn, and what is refused. */
import { beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { bundledFolder, openDataSet } from '../../data/registry.ts';
import { decodeSafetensors } from '../../tensor/files/safetensors.ts';
import { runStage } from '../../test/rig/stage-runs.ts';
import type { ArtifactFiles, InputStage } from '../stage.ts';
import { recover } from './index.ts';

const network: JsonObject = { kind: 'convnet', width: 6, depth: 2 };
let teachers: Record<string, ArtifactFiles>;
let statistics: ArtifactFiles;

beforeAll(async () => {
  const params = { images: 400, epochs: 3, batchSize: 50, augment: 'none' };
  const train = async (norm: string) =>
    (await runStage({ kind: 'squeeze', params: { ...params, network: { ...network, norm } } })).artifacts.network!;
  teachers = { 'teacher[0]': await train('batch'), 'teacher[1]': await train('instance') };
  const taken = { images: 300, batchSize: 50, padding: 0, flip: false };
  statistics = (await runStage({ kind: 'statistics', params: taken, inputs: teachers })).artifacts.statistics!;
});

it('takes the statistics of convolutions alone, of the first ones those of the images', () => {
  expect(Object.keys(statistics)).toEqual(['statistics-0.safetensors', 'statistics-1.safetensors']);
  const [normed, plain] = Object.values(statistics).map((bytes) => unwrap(decodeSafetensors(bytes)).tensors);
  expect(Object.keys(normed!)).toEqual(['0', '2'].flatMap((layer) => NAMES.map((name) => `${layer}.${name}`)));
  expect(Object.keys(plain!)).toEqual(['0', '1'].flatMap((layer) => NAMES.map((name) => `${layer}.${name}`)));
  // Normalised images: about 0 and 1 over all pixels; patches of 4 pixels of 28 are 7 × 7.
  expect(normed!['0.channelMean']!.data[0]).toBeCloseTo(0, 0);
  expect(normed!['0.channelVariance']!.data[0]).toBeCloseTo(1, 0);
  expect(normed!['0.patchMean']!.shape).toEqual([49]);
  expect(plain!['0.patchMean']!.data).toEqual(normed!['0.patchMean']!.data);
});

it('takes them of random parts, too, whose corners are less often those of the image', async () => {
  const taken = { images: 300, batchSize: 50, padding: 0, flip: false, crop: true };
  const { artifacts } = await runStage({ kind: 'statistics', params: taken, inputs: teachers });
  const cornersOf = (files: ArtifactFiles) => {
    const { data } = unwrap(decodeSafetensors(files['statistics-1.safetensors']!)).tensors['0.patchMean']!;
    return [0, 6, 42, 48].map((patch) => data[patch]!);
  };
  const [parts, whole] = [cornersOf(artifacts.statistics!), cornersOf(statistics)];
  // Around clothes is black.
  for (const [corner, mean] of parts.entries()) expect(mean).toBeGreaterThan(whole[corner]! + 0.1);
});

it('takes black around images, as padded training pictures have it', async () => {
  const taken = { images: 300, batchSize: 50, padding: 8, flip: false };
  const { artifacts } = await runStage({ kind: 'statistics', params: taken, inputs: teachers });
  const { data } = unwrap(decodeSafetensors(artifacts.statistics!['statistics-1.safetensors']!)).tensors[
    '0.patchMean'
  ]!;
  // Black is -0.81, the mean colour 0.
  for (const corner of [0, 6, 42, 48]) expect(data[corner]!).toBeLessThan(-0.5);
});

it('does not take batches in the order of the files, where images of a class may lie together', () => {
  const { train, mean, std } = unwrap(openDataSet('fashion-mnist', bundledFolder('fashion-mnist')));
  const values = Float64Array.from(train.pixels.subarray(0, 300 * 784), (pixel) => (pixel / 255 - mean[0]!) / std[0]!);
  const average = (of: Float64Array) => of.reduce((sum, value) => sum + value, 0) / of.length;
  const variances = Float64Array.from({ length: 6 }, (_, batch) => {
    const own = values.subarray(batch * 50 * 784, (batch + 1) * 50 * 784);
    return average(own.map((value) => value ** 2)) - average(own) ** 2;
  });
  const { tensors } = unwrap(decodeSafetensors(statistics['statistics-1.safetensors']!));
  expect(tensors['0.channelMean']!.data[0]).toBeCloseTo(average(values), 4);
  expect(tensors['0.channelVariance']!.data[0]).toBeCloseTo(average(variances), 1);
  expect(Math.abs(tensors['0.channelVariance']!.data[0]! - average(variances))).toBeGreaterThan(2e-4);
});

const NAMES = ['channelMean', 'channelVariance', 'patchMean', 'patchVariance'];
const inputs = () => ({ ...teachers, 'statistics[0]': statistics });

it('comes nearer to labels and statistics of both backbones', async () => {
  const params = {
    method: 'g-vbsm',
    imagesPerClass: 2,
    iterations: 40,
    learningRate: 0.1,
    dropRate: 0,
    jitter: 0,
    padding: 0,
  };
  const { figures, artifacts } = await runStage({ kind: 'recover', params, inputs: inputs() });
  expect(figures).toHaveLength(40);
  for (const backbone of [0, 1]) {
    const own = figures.filter((_, index) => index % 2 === backbone);
    expect(own.at(-1)!.crossEntropy).toBeLessThan(0.8 * own[0]!.crossEntropy!);
    expect(own.at(-1)!.batchNorm).toBeLessThan(0.8 * own[0]!.batchNorm!);
  }
  const { images, labels } = unwrap(decodeSafetensors(artifacts.images!['synthetic.safetensors']!)).tensors;
  expect(images!.shape).toEqual([20, 1, 28, 28]);
  expect([...labels!.data.subarray(0, 4)]).toEqual([0, 0, 1, 1]);
});

it('says whose statistics are missing', async () => {
  const one = await runStage({
    ...{ kind: 'statistics', params: { images: 50 } },
    inputs: { 'teacher[0]': teachers['teacher[0]']! },
  });
  const run = runStage({
    ...{ kind: 'recover', params: { method: 'g-vbsm', imagesPerClass: 1, iterations: 1 } },
    inputs: { ...teachers, 'statistics[0]': one.artifacts.statistics! },
  });
  await expect(run).rejects.toMatchObject({ failure: { code: 'STATISTICS_OF_ANOTHER_TEACHER' } });
});

it('finds before anything runs what does not go together', () => {
  const stage = (name: string, kind: string, own = {}): InputStage => ({
    name,
    kind,
    params: { network },
    inputs: own,
  });
  const [a, b] = [stage('a', 'squeeze'), stage('b', 'squeeze')];
  const problems = (method: string, given: Record<string, InputStage>) =>
    recover.inputRules!({ method }, given).map(({ message }) => message);
  const of = (...known: InputStage[]) =>
    stage('s', 'statistics', Object.fromEntries(known.map((one, index) => [`teacher[${index}]`, one])));
  const both = { 'teacher[0]': a, 'teacher[1]': b };
  expect(problems('g-vbsm', { ...both, 'statistics[0]': of(a, b) })).toEqual([]);
  expect(problems('g-vbsm', { ...both, 'statistics[0]': of(a) })).toEqual([
    '`statistics` says nothing of the teacher `b`: let it read it too.',
  ]);
  expect(problems('g-vbsm', both)[0]).toMatch(/needs `statistics: STAGE`/);
  expect(problems('sre2l', { ...both })[0]).toMatch(/recovers from one teacher, but 2 are named/);
  expect(recover.rules!({ method: 'sre2l', crop: true, curriculum: 'none', momentum: 0.8 })[0]!.message).toBe(
    '`momentum` is of method `g-vbsm`, but the method is `sre2l`.',
  );
});
