import { expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { bundledFolder, openDataSet } from '../../data/registry.ts';
import { decodeSafetensors } from '../../tensor/files/safetensors.ts';
import { runStage } from '../../test/rig/stage-runs.ts';

const set = unwrap(openDataSet('fashion-mnist', bundledFolder('fashion-mnist')));

async function select(imagesPerClass: number, setNumber: number) {
  const { artifacts } = await runStage({
    kind: 'select',
    params: { imagesPerClass },
    seed: { base: 3, set: setNumber },
  });
  const files = artifacts.images!;
  const { indices } = JSON.parse(new TextDecoder().decode(files['chosen.json'])) as { indices: number[] };
  return { files, indices };
}

it('draws different real images of the right classes', async () => {
  const { files, indices } = await select(5, 1);
  expect(new Set(indices).size).toBe(50);
  expect(indices.map((index) => set.train.labels[index])).toEqual(indices.map((_, image) => Math.floor(image / 5)));

  const { images, labels } = unwrap(decodeSafetensors(files['synthetic.safetensors']!)).tensors;
  expect(images!.shape).toEqual([50, 1, 28, 28]);
  expect([...labels!.data]).toEqual(indices.map((index) => set.train.labels[index]));
  const pixel = set.train.pixels[indices[49]! * 784 + 400]!;
  expect(images!.data[49 * 784 + 400]).toBeCloseTo((pixel / 255 - set.mean[0]!) / set.std[0]!, 6);
});

it('draws another set for another replicate, the same for the same', async () => {
  expect((await select(5, 1)).indices).toEqual((await select(5, 1)).indices);
  expect((await select(5, 1)).indices).not.toEqual((await select(5, 2)).indices);
});

it('the images of a smaller set are among those of a larger one', async () => {
  const [few, many] = [await select(2, 1), await select(6, 1)];
  expect(few.indices).toEqual(many.indices.filter((_, image) => image % 6 < 2));
});

it('says which class has too few images', async () => {
  await expect(select(100_000, 1)).rejects.toMatchObject({ failure: { code: 'CLASS_TOO_SMALL' } });
});
