import { beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { allDefaults } from '../../engine/plan/defaults.ts';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/files/safetensors.ts';
import { scalar } from '../../tensor/tensor.ts';
import { openStage, runStage } from '../../test/rig/stage-runs.ts';
import type { ArtifactFiles, State } from '../stage.ts';
import { evaluate } from './index.ts';

const network: JsonObject = { kind: 'convnet', width: 8 };
let images: ArtifactFiles;
let others: ArtifactFiles;

beforeAll(async () => {
  const of = async (set: number) =>
    (await runStage({ kind: 'select', params: { imagesPerClass: 10 }, seed: { base: 1, set } })).artifacts.images!;
  images = await of(1);
  others = await of(2);
});

it.each(['none', 'color_crop_cutout_flip_scale_rotate'])(
  'a network learns from ten real images a class (%s)',
  async (augment) => {
    const { metrics, figures, artifacts } = await runStage({
      kind: 'evaluate',
      params: { epochs: 40, augment, network },
      inputs: { images },
      seed: { base: 1, set: 1, evaluation: 1 },
    });
    expect(figures).toHaveLength(41);
    expect(metrics.accuracy).toBeGreaterThan(0.5);
    expect(metrics.accuracy).toBeLessThan(0.95);
    const file = JSON.parse(new TextDecoder().decode(artifacts.metrics!['metrics.json'])) as JsonObject;
    expect(file).toEqual({ ...metrics, testImages: 2000 });
  },
);

it('starts from the same network for every set with one number, from another for each evaluation', async () => {
  const start = async (inputs: Record<string, ArtifactFiles>, evaluation: number) => {
    const { run } = await openStage({
      kind: 'evaluate',
      params: { network },
      inputs,
      seed: { base: 1, set: 1, evaluation },
    });
    return (await run.init()).tensors['conv0.weight']!.data;
  };
  const first = await start({ images }, 1);
  expect(await start({ images: others }, 1)).toEqual(first);
  expect(await start({ images }, 2)).not.toEqual(first);
});

it('lowers the rate and clears the momentum after epoch E/2 + 1, and trains E + 1 epochs', async () => {
  const { run } = await openStage({
    kind: 'evaluate',
    params: { epochs: 4, augment: 'none', network },
    inputs: { images },
    seed: { base: 1, set: 1, evaluation: 1 },
  });
  expect(run.steps).toBe(5);
  const states: State[] = [await run.init()];
  for (let epoch = 0; epoch < run.steps; epoch++) states.push(await run.step(states[epoch]!, epoch));
  const of = (epoch: number, name: string) => states[epoch]!.tensors[name]!.data;
  for (const [epoch, rate] of [0.01, 0.01, 0.01, 0.01, 0.001].entries()) {
    // One batch an epoch: the parameters moved by the rate times the momentum that the step left.
    const weight = 'classifier.weight';
    const moved = of(epoch + 1, weight).map((value, index) => of(epoch, weight)[index]! - value);
    const momentum = of(epoch + 1, `momentum.${weight}`);
    for (const index of [0, 17, 100]) expect(moved[index]! / momentum[index]!).toBeCloseTo(rate, 4);
  }
  const cleared = Object.fromEntries(
    Object.entries(states[4]!.tensors).map(([name, tensor]) => [
      name,
      name.startsWith('momentum.') ? { ...tensor, data: tensor.data.map(() => 0) } : tensor,
    ]),
  );
  expect(await run.step({ ...states[4]!, tensors: cleared }, 4)).toEqual(states[5]);
  run.close?.();
});

it('moves the statistics of batch norm', async () => {
  const { run } = await openStage({
    kind: 'evaluate',
    params: { epochs: 1, network: { ...network, norm: 'batch' } },
    inputs: { images },
  });
  const start = await run.init();
  const next = await run.step(start, 0);
  expect(start.tensors['norm0.running_mean']!.data.every((value) => value === 0)).toBe(true);
  expect(next.tensors['norm0.running_mean']!.data.every((value) => value !== 0)).toBe(true);
  run.close?.();
});

it('stops at the step whose loss is no number', async () => {
  const diverging = runStage({
    kind: 'evaluate',
    params: { epochs: 6, learningRate: 1e30, network },
    inputs: { images },
  });
  await expect(diverging).rejects.toMatchObject({ failure: { code: 'STEP_NOT_FINITE' } });
});

it('names the rate that a set has learned, where the network diverges by it', async () => {
  const set = unwrap(decodeSafetensors(images['synthetic.safetensors']!));
  const learned = { ...set.tensors, learning_rate: scalar(1e30) };
  const carrying = { ...images, 'synthetic.safetensors': encodeSafetensors(learned, set.metadata) };
  const diverging = runStage({
    kind: 'evaluate',
    params: { epochs: 6, learningRate: 'learned', network },
    inputs: { images: carrying },
  });
  await expect(diverging).rejects.toMatchObject({
    failure: {
      code: 'STEP_NOT_FINITE',
      help: expect.stringMatching(/rate is 1.*e\+30: .*`stepSizeLearningRate`/) as string,
    },
  });
});

it('gives no accuracy of a network that the last step has broken', async () => {
  const { run } = await openStage({ kind: 'evaluate', params: { network }, inputs: { images } });
  const { tensors, values } = await run.init();
  const bias = tensors['classifier.bias']!;
  const broken = { ...tensors, 'classifier.bias': { ...bias, data: bias.data.map(() => Number.NaN) } };
  await expect(run.finish({ tensors: broken, values })).rejects.toMatchObject({ failure: { code: 'STEP_NOT_FINITE' } });
  run.close?.();
});

it.each([
  ['none', 300],
  ['None', 300],
  ['', 300],
  ['color', 1000],
])('augmentation %j is trained with for %i epochs', (augment, epochs) => {
  expect(allDefaults({ augment }, evaluate).epochs).toBe(epochs);
});
