/** What is said beforehand beside what is written; of whole stages `conformance.test.ts` holds it. */
import { expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { bundledFolder, openDataSet } from '../../data/registry.ts';
import { initialise } from '../../nn/init.ts';
import { buildNetwork, type NetworkSpec } from '../../nn/network.ts';
import { encodeTeacher } from '../../nn/onnx/teacher.ts';
import { encodeSafetensors } from '../../tensor/files/safetensors.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { floats, type Tensor } from '../../tensor/tensor.ts';
import { classFiles } from '../class-files.ts';
import { recover } from '../recover/index.ts';
import type { Range } from '../shards.ts';
import { bytesOfNetwork } from './network.ts';
import { bytesOfImages, bytesOfPicture, bytesOfSet, MOST_IN_ONE } from './set.ts';

const set = unwrap(openDataSet('fashion-mnist', bundledFolder('fashion-mnist')));

it('a set of a file a class: its tensors to a few bytes a file, and a picture of ten images of ten classes', () => {
  const noise = randomStream({ base: 1 }, 'noise');
  const imagesOf = ([from, to]: Range, count: number): Tensor => {
    const images = (to - from) * count;
    return floats(Float32Array.from(noise.normal(from, images * 784)), [images, 1, 28, 28]);
  };
  const files = classFiles({ set, classes: [0, 10], imagesPerClass: 30, pictureName: 'after.png', imagesOf });
  const { 'after.png': picture, ...tensors } = Object.fromEntries(
    Object.entries(files).map(([name, make]) => [name, make().length]),
  );
  const stored = Object.values(tensors).reduce((sum, bytes) => sum + bytes, 0);
  const said = bytesOfSet({ set, classes: 10, imagesPerClass: 30, mostInOne: 1000 });
  const shown = bytesOfPicture(set, 100);
  expect(stored - (said - shown)).toBeGreaterThanOrEqual(0);
  expect(stored - (said - shown)).toBeLessThan(10 * 40);
  // Noise is what compresses worst.
  expect((picture as number) / shown).toBeGreaterThan(1);
  expect((picture as number) / shown).toBeLessThan(1.25);
  expect(said).toBeLessThan(bytesOfSet({ set, classes: 10, imagesPerClass: 30, mostInOne: 1e9 }));
});

it('recovery on ImageNet: images of a class, and as much again of batches on the way', () => {
  const imagenet = { ...set, name: 'imagenet-1k', classes: 1000, channels: 3, height: 224, width: 224 };
  const params = { imagesPerClass: 50 };
  const images = 50_000 * 3 * 224 * 224 * 4;
  const shards = Array.from({ length: 100 }, (_, part) => ({ classes: [10 * part, 10 * part + 10] }));
  const sum = (of: (shard: JsonObject) => number | undefined) =>
    shards.reduce((total, shard) => total + (of(shard) ?? Number.NaN), 0);
  // A picture of 100 images a shard is more than a picture of 100 images.
  const [whole, parts] = [
    recover.bytes!(params, {}, imagenet)!,
    sum((shard) => recover.bytes!(params, {}, imagenet, shard)),
  ];
  expect(whole / images).toBeGreaterThan(1);
  expect(whole / images).toBeLessThan(1.001);
  expect(parts - whole).toBe(99 * bytesOfPicture(imagenet, 100));
  expect(sum((shard) => recover.passingBytes!(params, imagenet, shard))).toBe(images);
  // Small sets are held until they are done.
  expect(bytesOfImages({ set, classes: 10, imagesPerClass: 50 })).toBeLessThan(MOST_IN_ONE.recovered);
  expect(recover.passingBytes!(params, set)).toBe(0);
  expect(recover.bytes!(params, {}, undefined)).toBeUndefined();
});

it.each<NetworkSpec>([
  { kind: 'convnet', width: 16, depth: 2, norm: 'instance' },
  { kind: 'mlp' },
  { kind: 'resnet', depth: 18, norm: 'batch' },
  { kind: 'mobilenet-v2', widthMultiplier: 0.5 },
])('a network as ONNX and safetensors: $kind', (spec) => {
  const { channels, height, width, classes } = set;
  const network = unwrap(buildNetwork(spec, { channels, height, width, classes }));
  const values = initialise(network, randomStream({ base: 1 }, 'network'), 0);
  const metadata = { set: set.name, mean: JSON.stringify(set.mean), std: JSON.stringify(set.std) };
  const stored =
    unwrap(encodeTeacher({ network, values, metadata })).length + encodeSafetensors(values, metadata).length;
  const said = bytesOfNetwork(spec as unknown as JsonObject, set)!;
  const tensors = network.parameters.length + network.buffers.length;
  expect(stored - said).toBeGreaterThanOrEqual(0);
  // Lengths and offsets have fewer digits where there are no numbers.
  expect(stored - said).toBeLessThan(8 + 30 * tensors);
});
