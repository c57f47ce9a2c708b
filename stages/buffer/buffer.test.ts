import { expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { decodeSafetensors } from '../../tensor/files/safetensors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { openStage, runStage } from '../../test/rig/stage-runs.ts';
import type { State } from '../stage.ts';

const small: JsonObject = {
  ...{ experts: 2, epochs: 3, images: 200, batchSize: 64 },
  network: { kind: 'convnet', width: 4, depth: 2 },
};

async function bufferOf(params: JsonObject) {
  const { artifacts, metrics, figures } = await runStage({ kind: 'buffer', params: { ...small, ...params } });
  const files = Object.entries(artifacts.trajectories!);
  const experts = files.map(([, bytes]) => unwrap(decodeSafetensors(bytes)).tensors);
  return { names: files.map(([name]) => name), experts, metrics, figures };
}

it('an expert is the same whatever comes after it', async () => {
  const more = await bufferOf({});
  const fewer = await bufferOf({ experts: 1, epochs: 2 });
  expect(more.names).toEqual(['expert-000.safetensors', 'expert-001.safetensors']);
  for (const [name, tensor] of Object.entries(fewer.experts[0]!)) expect(more.experts[0]![name]).toEqual(tensor);
  const start = (expert: number) => more.experts[expert]!['0.conv0.weight']!.data;
  expect(start(0)).not.toEqual(start(1));
});

it('learns, and tells of each epoch and of the test of each expert', async () => {
  const { figures, metrics } = await bufferOf({ epochs: 8, images: 1000, learningRate: 0.05 });
  expect(figures).toHaveLength(16);
  expect(figures[7]!.loss).toBeLessThan(figures[0]!.loss!);
  expect(figures[7]!.accuracy).toBeGreaterThan(figures[0]!.accuracy!);
  expect(figures.filter(({ expertAccuracy }) => expertAccuracy !== undefined)).toEqual([figures[7], figures[15]]);
  const mean = (figures[7]!.expertAccuracy! + figures[15]!.expertAccuracy!) / 2;
  expect(metrics.expertAccuracy).toBeCloseTo(mean, 12);
  expect(metrics.expertAccuracy).toBeGreaterThan(0.3);
});

it('sees only the images that it is told to', async () => {
  const whole = await bufferOf({ images: 64, experts: 1, epochs: 1, augment: 'none', batchSize: 64 });
  const other = await bufferOf({ images: 65, experts: 1, epochs: 1, augment: 'none', batchSize: 65 });
  expect(whole.experts[0]!['0.conv0.weight']).toEqual(other.experts[0]!['0.conv0.weight']);
  expect(whole.experts[0]!['1.conv0.weight']).not.toEqual(other.experts[0]!['1.conv0.weight']);
});

it('takes plain steps; the rate falls to a tenth where that is asked for', async () => {
  const params = { ...small, experts: 1, epochs: 7, images: 60, augment: 'none' };
  const [fallen, constant] = await Promise.all(
    [true, false].map(async (decay) => openStage({ kind: 'buffer', params: { ...params, decay } })),
  );
  const states: State[] = [await fallen!.run.init()];
  for (let epoch = 0; epoch < 5; epoch++) states.push(await fallen!.run.step(states[epoch]!, epoch));
  expect(Object.keys(states[5]!.tensors).some((name) => name.includes('momentum'))).toBe(false);
  // One batch an epoch: from the same state, the steps of both are one until the fall, and differ by the rate alone at it.
  expect((await constant!.run.step(states[4]!, 4)).tensors).toEqual(states[5]!.tensors);
  // ⌊7/2⌋ + 2 = 5
  const [last, plain] = [await fallen!.run.step(states[5]!, 5), await constant!.run.step(states[5]!, 5)];
  const moved = (state: State, at: number) =>
    (state.tensors['0.6.classifier.weight'] as Tensor).data[at]! -
    states[5]!.tensors['0.5.classifier.weight']!.data[at]!;
  for (const at of [0, 17, 100]) expect(moved(last, at) / moved(plain, at)).toBeCloseTo(0.1, 2);
});

it('the state holds one expert at a time, and a file that has gone is made again', async () => {
  const params = { ...small, experts: 3, epochs: 2, images: 60 };
  const opened = await openStage({ kind: 'buffer', params });
  const states: State[] = [await opened.run.init()];
  for (let index = 0; index < 6; index++) states.push(await opened.run.step(states[index]!, index));
  const held = states.map(({ tensors }) => Object.values(tensors).reduce((sum, { data }) => sum + data.length, 0));
  expect(held[1]).toBeGreaterThan(0);
  expect(held).toEqual([0, held[1], 0, held[1], 0, held[1], 0]);
  const whole = await opened.run.finish(states[6]!);
  const forgetful = { ...states[6]!, values: { ...states[6]!.values, files: {} } };
  expect(await opened.run.finish(forgetful)).toEqual(whole);
  opened.run.close?.();
});

it('two stages that share the work make the buffer of one', async () => {
  const { artifacts } = await runStage({ kind: 'buffer', params: small });
  const params = { ...small, experts: 1 };
  const first = (await runStage({ kind: 'buffer', params })).artifacts.trajectories!;
  const both = await runStage({ kind: 'buffer', params, inputs: { earlier: first } });
  expect(both.artifacts).toEqual(artifacts);
});
