import { expect, it } from 'vitest';
import { unwrap } from '../base/result.ts';
import { initialise } from '../nn/init.ts';
import { buildNetwork, type NetworkSpec } from '../nn/network.ts';
import { decodeSafetensors } from '../tensor/files/safetensors.ts';
import { randomStream } from '../tensor/random/stream.ts';
import { heldFiles } from './held-files.ts';
import { encodeTrajectory, fileOfExpert, openExperts, type TrajectoryOrigin } from './trajectories.ts';

const networkOf = (spec: NetworkSpec) =>
  unwrap(buildNetwork(spec, { channels: 1, height: 28, width: 28, classes: 10 }));
const network = networkOf({ kind: 'convnet', width: 3, norm: 'batch' });
const origin: TrajectoryOrigin = { network, set: 'fashion-mnist', whitening: undefined };
const stream = randomStream({ base: 1 }, 'test');
const trajectory = (expert: number, epochs = 2) =>
  Array.from({ length: epochs + 1 }, (_, epoch) => initialise(network, stream, 100 * expert + epoch));

const files = Object.fromEntries(
  [0, 1, 2].map((expert) => [fileOfExpert(expert), encodeTrajectory(trajectory(expert), origin)]),
);

it('are read by expert and epoch as they were written, all but the buffers', () => {
  const experts = unwrap(openExperts(heldFiles(files), origin));
  expect([experts.count, experts.epochs]).toEqual([3, 2]);
  for (const [expert, epoch] of [
    [2, 1],
    [0, 0],
    [1, 2],
  ] as const) {
    const parameters = experts.at(expert, epoch);
    expect(Object.keys(parameters)).toEqual(network.parameters.map(({ name }) => name));
    for (const [name, { data }] of Object.entries(parameters))
      expect(data).toEqual(trajectory(expert)[epoch]![name]!.data);
  }
});

it('are float32 by `epoch.parameter` in the file', () => {
  const { tensors, metadata } = unwrap(decodeSafetensors(files['expert-001.safetensors'] as Uint8Array));
  expect(Object.keys(tensors)).toHaveLength(3 * network.parameters.length);
  expect(tensors['1.conv0.weight']).toMatchObject({ dtype: 'float', shape: [3, 1, 3, 3] });
  expect(metadata).toMatchObject({ set: 'fashion-mnist', epochs: '2' });
});

it.each<[string, TrajectoryOrigin, RegExp]>([
  ['network', { ...origin, network: networkOf({ kind: 'convnet', width: 4 }) }, /another network/],
  // Equal shapes are not enough.
  ['network of equal shapes', { ...origin, network: networkOf({ kind: 'convnet', width: 3 }) }, /another network/],
  ['data set', { ...origin, set: 'mnist' }, /of fashion-mnist, not of mnist/],
  ['space', { ...origin, whitening: 'abc' }, /another space/],
])('those of another %s are refused at their file', (_, wanted, message) => {
  expect(openExperts(heldFiles(files), wanted)).toEqual({
    ok: false,
    error: expect.objectContaining({
      ...{ code: 'TRAJECTORIES_FOREIGN', place: 'expert-000.safetensors', help: expect.any(String) as string },
      message: expect.stringMatching(message) as string,
    }),
  });
});

it('an empty buffer and a broken file are told', () => {
  expect(openExperts(heldFiles({}), origin)).toMatchObject({ ok: false, error: { code: 'TRAJECTORIES_NONE' } });
  const torn = { 'expert-000.safetensors': (files['expert-000.safetensors'] as Uint8Array).subarray(0, 900) };
  expect(openExperts(heldFiles(torn), origin)).toMatchObject({ ok: false, error: { place: 'expert-000.safetensors' } });
});

it('every file is looked at when a buffer is opened, and the shortest says how far experts go', () => {
  const mixed = { ...files, 'expert-002.safetensors': encodeTrajectory(trajectory(2), { ...origin, set: 'mnist' }) };
  expect(openExperts(heldFiles(mixed), origin)).toMatchObject({
    ok: false,
    error: { code: 'TRAJECTORIES_FOREIGN', place: 'expert-002.safetensors' },
  });
  const uneven = { ...files, 'expert-001.safetensors': encodeTrajectory(trajectory(1, 1), origin) };
  expect(unwrap(openExperts(heldFiles(uneven), origin)).epochs).toBe(1);
});
