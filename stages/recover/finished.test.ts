/** Sets that are not held: the same images, a file a class, and batches that have gone from the store are made again. */
import { expect, it } from 'vitest';
import { sha256 } from '../../base/digest.ts';
import { unwrap } from '../../base/result.ts';
import { bundledFolder, openDataSet } from '../../data/registry.ts';
import { decodeSafetensors } from '../../tensor/files/safetensors.ts';
import { floats } from '../../tensor/tensor.ts';
import type { State, StoredFile } from '../stage.ts';
import { batchesAcrossClasses } from './batches.ts';
import { finishedImages } from './finished.ts';

const set = unwrap(openDataSet('fashion-mnist', bundledFolder('fashion-mnist')));
const batches = batchesAcrossClasses({ first: 2, end: 5, imagesPerClass: 2, batchSize: 2 });
const kept = new Map<string, Uint8Array>();
const files = {
  put(bytes: Uint8Array): StoredFile {
    const digest = sha256(bytes);
    kept.set(digest, bytes);
    return { sha256: digest, bytes: bytes.length };
  },
  has: ({ sha256: digest }: StoredFile) => kept.has(digest),
  read: ({ sha256: digest }: StoredFile, range = { from: 0, to: Number.POSITIVE_INFINITY }) =>
    kept.get(digest)!.subarray(range.from, range.to),
};
/** Every pixel says whose it is. */
const imagesOf = (batch: number) =>
  floats(
    Float32Array.from({ length: batches[batch]!.length * 784 }, (_, at) => {
      const { label, slot } = batches[batch]![Math.floor(at / 784)]!;
      return label + slot / 10;
    }),
    [batches[batch]!.length, 1, 28, 28],
  );

it('grows by a name for each batch, and gives the same images in parts', async () => {
  const whole = { set, classes: [2, 5] as const, imagesPerClass: 2, batches, shard: true, files };
  const finished = finishedImages(whole, 0);
  let state: State = finished.init();
  for (const [index, batch] of batches.entries()) state = finished.add(finished.of(state), batch, imagesOf(index));
  expect(state.tensors).toEqual({});
  kept.delete((state.values.files as unknown as StoredFile[])[1]!.sha256);
  const again: number[] = [];
  const { deferred } = await finished.result(state, async (batch) => {
    again.push(batch);
    return imagesOf(batch);
  });
  expect(again).toEqual([1]);
  const made = Object.entries(deferred!.images!).filter(([name]) => name.startsWith('synthetic'));
  expect(made.map(([name]) => name)).toEqual(
    [2, 3, 4].map((label) => `synthetic-0000${label}-0000${label}.safetensors`),
  );
  for (const [index, [, make]] of made.entries()) {
    const { images, labels } = unwrap(decodeSafetensors(make())).tensors;
    expect([...labels!.data]).toEqual([index + 2, index + 2]);
    expect([images!.data[0], images!.data[1567]]).toEqual([index + 2, Math.fround(index + 2.1)]);
  }
});
