import { expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { bundledFolder, openDataSet } from '../../data/registry.ts';
import { allDefaults } from '../../engine/plan/defaults.ts';
import { decodeSafetensors } from '../../tensor/files/safetensors.ts';
import { backendFor, runStage, stepsFrom } from '../../test/rig/stage-runs.ts';
import { heldFiles } from '../held-files.ts';
import type { ArtifactFiles, InputStage, StepFiles } from '../stage.ts';
import { readSyntheticSet } from '../synthetic-set.ts';
import { select as kind } from './index.ts';
import { openSelect } from './run.ts';

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
  // Not the set is too small, but the part of it that is used.
  await expect(runStage({ kind: 'select', params: { imagesPerClass: 10, images: 50 } })).rejects.toMatchObject({
    failure: {
      message: expect.stringMatching(/of Fashion-MNIST has \d among the first 50 images \(`images`\)\.$/) as string,
      help: 'Lower `imagesPerClass`, or raise `images`.',
    },
  });
});

it('coresets choose by a network that another stage has trained', async () => {
  const network = { kind: 'convnet', width: 4, depth: 2 };
  const trained = async (seed: number) =>
    (await runStage({ kind: 'pretrain', params: { epochs: 1, images: 100, network }, seed: { base: seed } })).artifacts
      .network!;
  const chosen = async (params: JsonObject, given: ArtifactFiles) => {
    const inputs = { network: given };
    const { artifacts, figures } = await runStage({ kind: 'select', params: { images: 400, ...params }, inputs });
    expect(figures).toEqual([]);
    return (JSON.parse(new TextDecoder().decode(artifacts.images!['chosen.json'])) as { indices: number[] }).indices;
  };
  const [one, other] = [await trained(1), await trained(2)];
  const herded = await chosen({ method: 'herding', imagesPerClass: 3 }, one);
  expect(herded.map((index) => set.train.labels[index])).toEqual(herded.map((_, image) => Math.floor(image / 3)));
  expect(await chosen({ method: 'herding', imagesPerClass: 3 }, one)).toEqual(herded);
  expect(await chosen({ method: 'herding', imagesPerClass: 3 }, other)).not.toEqual(herded);
  expect(await chosen({ method: 'k-center', imagesPerClass: 3 }, one)).not.toEqual(herded);
});

it('what says how to train a network is refused beside one that is trained', () => {
  const problems = (params: JsonObject, network: JsonObject = { kind: 'convnet' }) => {
    const teacher: InputStage = { name: 'teacher', kind: 'pretrain', params: { network }, inputs: {} };
    const found = kind.inputRules?.(allDefaults(params, kind), { network: teacher }) ?? [];
    return found.map(({ path, message }) => `${path.join('.')}: ${message}`);
  };
  expect(problems({ method: 'herding' })).toEqual([]);
  expect(problems({ method: 'herding', epochs: 3 })).toEqual([expect.stringMatching(/^epochs: `teacher` is trained/)]);
  expect(problems({ method: 'forgetting' })[0]).toMatch(/^network: Method `forgetting` takes no trained network/);
  expect(problems({})[0]).toMatch(/^network: Method `random`/);
  expect(problems({ method: 'k-center' }, { kind: 'mlp' })[0]).toMatch(/^network: .*embedding/);
});

it('says of a class that is too small what to write instead', () => {
  const problems = (imagesPerClass: number, perClass: readonly number[], method = 'random') => {
    const { train: _, test: __, ...facts } = set;
    const data = { ...facts, classes: 2, classNames: ['cat', 'dog'], perClass, trainImages: 8, testImages: 4 };
    const params = allDefaults({ method, imagesPerClass }, kind);
    return (kind.dataRules?.(params, data) ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
  };
  expect(problems(4, [5, 3])).toEqual([
    'imagesPerClass: 4 images of each class are wanted, but dog of Fashion-MNIST has 3: write 3 at most.',
  ]);
  const none =
    'imagesPerClass: An image of each class is wanted, but cat of Fashion-MNIST has none: leave the class out (`data.classes`).';
  expect(problems(1, [0, 8])).toEqual([none]);
  expect(problems(50, [0, 8], 'mean')).toEqual([none]);
  expect(problems(50, [0, 8], 'noise')).toEqual([]);
});

it.each(['random', 'mean', 'noise'])('a set of %s that is too large for one file is a file a class', async (method) => {
  const place = { set: 'fashion-mnist', folder: bundledFolder('fashion-mnist') };
  const params = allDefaults({ method, imagesPerClass: 3 }, kind);
  const backend = await backendFor();
  const context = { params, seed: { base: 1, set: 1 }, inputs: {}, data: place, backend, files: NO_FILES, report() {} };
  const finished = async (most?: number) => {
    const run = await openSelect(context, most);
    const result = await run.finish(await stepsFrom(run, 0, await run.init()));
    run.close?.();
    return result;
  };
  const [whole, parted] = [await finished(), await finished(90_000)];
  const made = Object.entries(parted.deferred?.images ?? {}).map(([name, make]) => [name, make()] as const);
  const files: ArtifactFiles = { ...parted.artifacts.images, ...Object.fromEntries(made) };
  expect(Object.keys(files).filter((name) => name.startsWith('synthetic'))).toHaveLength(10);
  expect(
    Object.keys(files)
      .filter((name) => !name.startsWith('synthetic'))
      .sort(),
  ).toEqual(
    Object.keys(whole.artifacts.images!)
      .filter((name) => !name.startsWith('synthetic'))
      .sort(),
  );
  const read = (of: ArtifactFiles) => unwrap(readSyntheticSet(heldFiles(of), set));
  expect(read(files)).toEqual(read(whole.artifacts.images!));
  // Ten classes of three images: small enough to be seen as a whole.
  expect(files['after.png']).toEqual(whole.artifacts.images!['after.png']);
});

/** Selection stores nothing by steps. */
const NO_FILES: StepFiles = {
  put: () => {
    throw new Error('expected no file');
  },
  has: () => false,
  read: () => new Uint8Array(0),
};
