import { beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { bundledFolder, openDataSet } from '../../data/registry.ts';
import { buildNetwork } from '../../nn/network.ts';
import { decodeSafetensors } from '../../tensor/files/safetensors.ts';
import { backendFor, openStage, runStage } from '../../test/rig/stage-runs.ts';
import { tokensOf } from '../augment-parameter.ts';
import { zerosLike } from '../rows.ts';
import type { ArtifactFiles } from '../stage.ts';
import { openAllClasses } from './all-classes.ts';
import { openClassByClass } from './class-by-class.ts';
import { drawsOfDm } from './draws.ts';
import { realImagesOf } from './real-images.ts';

const network: JsonObject = { kind: 'convnet', width: 8 };
let start: ArtifactFiles;

beforeAll(async () => {
  start = (await runStage({ kind: 'select', params: { imagesPerClass: 3 } })).artifacts.images!;
});

function tensorsOf(files: ArtifactFiles) {
  return unwrap(decodeSafetensors(files['synthetic.safetensors']!)).tensors;
}

it('brings the mean embeddings together', async () => {
  const { figures, artifacts, metrics } = await runStage({
    kind: 'match',
    params: { method: 'dm', iterations: 40, batchReal: 20, learningRate: 2, network },
    inputs: { start },
  });
  const losses = figures.map(({ loss }) => loss!);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(mean(losses.slice(-10))).toBeLessThan(0.8 * mean(losses.slice(0, 10)));
  expect(metrics).toEqual({ loss: losses.at(-1) });
  const result = tensorsOf(artifacts.images!);
  expect(result.labels).toEqual(tensorsOf(start).labels);
  expect(result.images!.shape).toEqual([30, 1, 28, 28]);
  expect(Object.keys(artifacts.images!)).toEqual(['synthetic.safetensors', 'before.png', 'after.png']);
  expect(artifacts.images!['before.png']).toEqual(start['after.png']);
});

it('starts at its input', async () => {
  const { run } = await openStage({ kind: 'match', params: { method: 'dm', network }, inputs: { start } });
  expect((await run.init()).tensors.images).toEqual(tensorsOf(start).images);
  run.close?.();
});

it('class by class and all classes at once are one function where the norm does not mix images', async () => {
  const set = unwrap(openDataSet('fashion-mnist', bundledFolder('fashion-mnist')));
  const settings = {
    network: unwrap(buildNetwork({ kind: 'convnet', width: 8 }, { channels: 1, height: 28, width: 28, classes: 10 })),
    real: realImagesOf(set),
    classes: 10,
    imagesPerClass: 3,
    // More than one chunk of the class-by-class form, and a rest.
    batchReal: 40,
    tokens: tokensOf('color_crop_cutout_flip_scale_rotate'),
    learningRate: 1,
    momentum: 0.5,
    seed: { base: 5, set: 1 },
    backend: await backendFor(),
  };
  const draws = drawsOfDm(settings);
  const ways = [openClassByClass(settings, draws), await openAllClasses(settings, draws)];
  const images = tensorsOf(start).images!;
  const velocity = zerosLike(images);
  const [one, all] = await Promise.all(ways.map((way) => way.step({ images, velocity }, 0)));
  expect(one!.loss / all!.loss).toBeCloseTo(1, 4);
  const scale = Math.max(...one!.velocity.data.map(Math.abs));
  expect(scale).toBeGreaterThan(0);
  for (let index = 0; index < images.data.length; index += 7)
    expect(Math.abs(one!.velocity.data[index]! - all!.velocity.data[index]!) / scale).toBeLessThan(1e-4);
  for (const way of ways) way.close();
});

it('stops at the step that gives no numbers', async () => {
  const diverging = runStage({
    kind: 'match',
    params: { method: 'dm', iterations: 5, batchReal: 4, learningRate: 1e38, network },
    inputs: { start },
  });
  await expect(diverging).rejects.toMatchObject({ failure: { code: 'STEP_NOT_FINITE' } });
});

it('refuses a network without embedding, and a strategy of unknown kinds', async () => {
  const open = (params: JsonObject) =>
    openStage({ kind: 'match', params: { method: 'dm', ...params }, inputs: { start } });
  await expect(open({ network: { kind: 'mlp' } })).rejects.toThrow(/embedding/);
  await expect(open({ augment: 'color_sharpen' })).rejects.toThrow(/sharpen/);
});
