/** Whitened images, and pictures by the inverse; the whitening itself is tested in `data/zca.test.ts`. */
import { beforeAll, expect, it } from 'vitest';
import { unwrap } from '../base/result.ts';
import { normalised } from '../data/normalise.ts';
import { pictureGrid } from '../data/pictures.ts';
import { bundledFolder, openDataSet } from '../data/registry.ts';
import { backendFor, runStage } from '../test/rig/stage-runs.ts';
import { heldFiles } from './held-files.ts';
import { openImageSpace } from './image-space.ts';
import type { ArtifactFiles, ArtifactReader } from './stage.ts';
import { sortedLabels } from './synthetic-set.ts';

const set = unwrap(openDataSet('fashion-mnist', bundledFolder('fashion-mnist')));
const first = Int32Array.from({ length: 10 }, (_, index) => index);
let statistics: ArtifactFiles;
let fit: ArtifactReader;

beforeAll(async () => {
  const made = await runStage({ kind: 'zca', params: { images: 400, epsilon: 0.1 } });
  statistics = made.artifacts.statistics as ArtifactFiles;
  fit = heldFiles(statistics);
  expect(Object.keys(made.artifacts.pictures ?? {})).toEqual(['unwhitened.png']);
});

it('a picture of whitened images is the picture of the images', async () => {
  const space = openImageSpace(set, await backendFor(), fit);
  const images = await space.read(set.train, first);
  expect(images.shape).toEqual([10, 1, 28, 28]);
  const labels = sortedLabels(10, 1);
  const plain = normalised(set, set.train, first);
  expect(Math.max(...images.data)).not.toBeCloseTo(Math.max(...plain.data), 1);
  const wanted = pictureGrid(plain, { mean: set.mean, std: set.std, columns: 1, scale: 2 });
  expect(await space.picture({ images, labels })).toEqual(wanted);
  space.close();
});

it('parts of any size are whitened alike', async () => {
  const space = openImageSpace(set, await backendFor(), fit);
  const many = await space.read(
    set.train,
    Int32Array.from({ length: 300 }, (_, index) => index),
  );
  const few = await space.read(set.train, Int32Array.from([299, 3]));
  for (const [row, image] of [299, 3].entries())
    for (const pixel of [0, 391, 783])
      expect(few.data[row * 784 + pixel]).toBeCloseTo(many.data[image * 784 + pixel] ?? Number.NaN, 4);
  space.close();
});

it('a fit of another data set is refused', async () => {
  const backend = await backendFor();
  expect(() => openImageSpace({ ...set, name: 'mnist' }, backend, fit)).toThrow(/fitted on fashion-mnist/);
});

it('sets of one space are refused by stages of another', async () => {
  const params = { imagesPerClass: 1 };
  const readAs = async (inputs: Record<string, ArtifactFiles>, whitening: Record<string, ArtifactFiles>) => {
    const { images } = (await runStage({ kind: 'select', params, inputs })).artifacts;
    const network = { kind: 'convnet', width: 4, depth: 2 };
    return runStage({ kind: 'evaluate', params: { epochs: 1, network }, inputs: { images: images!, ...whitening } });
  };
  const whitening = { whitening: statistics };
  await expect(readAs(whitening, {})).rejects.toMatchObject({ failure: { code: 'SET_WHITENING' } });
  await expect(readAs({}, whitening)).rejects.toMatchObject({ failure: { code: 'SET_WHITENING' } });
});
