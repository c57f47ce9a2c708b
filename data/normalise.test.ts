import fc from 'fast-check';
import { expect, it } from 'vitest';
import { floats } from '../tensor/tensor.ts';
import type { Split } from './data-set.ts';
import { indicesByClass, normalised, toPixels } from './normalise.ts';

const colour = {
  channels: 3,
  height: 2,
  width: 2,
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.2023, 0.1994, 0.201],
};

function splitOf(pixels: Uint8Array, labels: number[] = []): Split {
  return { count: pixels.length / 12, pixels, labels: Uint8Array.from(labels) };
}

it('takes (pixel / 255 - mean) / std of each channel', () => {
  const pixels = Uint8Array.of(0, 255, 51, 7, 0, 255, 51, 7, 0, 255, 51, 7);
  const tensor = normalised(colour, splitOf(pixels), [0]);
  expect(tensor.shape).toEqual([1, 3, 2, 2]);
  expect(tensor.data).toEqual(
    Float32Array.from(
      [0, 1, 2].flatMap((channel) =>
        [0, 255, 51, 7].map((pixel) => (pixel / 255 - colour.mean[channel]!) / colour.std[channel]!),
      ),
    ),
  );
});

it('gives the images asked for, in that order, repeated where asked', () => {
  const pixels = Uint8Array.from({ length: 36 }, (_, at) => at);
  const all = normalised(colour, splitOf(pixels), [0, 1, 2]).data;
  const picked = normalised(colour, splitOf(pixels), Int32Array.of(2, 0, 2));
  expect(picked.shape).toEqual([3, 3, 2, 2]);
  expect([...picked.data]).toEqual([...all.subarray(24), ...all.subarray(0, 12), ...all.subarray(24)]);
  expect(normalised(colour, splitOf(pixels), []).shape).toEqual([0, 3, 2, 2]);
  for (const index of [-1, 3, 0.5])
    expect(() => normalised(colour, splitOf(pixels), [index])).toThrow('expected an index below 3');
});

it('is undone by toPixels, for every byte', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 24, maxLength: 24 }), (pixels) => {
      const there = normalised(colour, splitOf(pixels), [0, 1]);
      expect(toPixels(there, colour.mean, colour.std)).toEqual(pixels);
    }),
  );
  const every = { count: 1, pixels: Uint8Array.from({ length: 256 }, (_, at) => at), labels: new Uint8Array(1) };
  const grey = { channels: 1, height: 16, width: 16, mean: [0.2861], std: [0.353] };
  expect(toPixels(normalised(grey, every, [0]), grey.mean, grey.std)).toEqual(every.pixels);
});

it('clamps and rounds what no byte is', () => {
  const images = floats(
    [-1, 0.4 / 255, 0.6 / 255, 254.6 / 255, 2, Number.POSITIVE_INFINITY, Number.NaN, 1],
    [1, 1, 2, 4],
  );
  expect([...toPixels(images, [0], [1])]).toEqual([0, 0, 1, 255, 255, 255, 0, 255]);
});

it('finds the images of each class', () => {
  const split = splitOf(new Uint8Array(60), [2, 0, 2, 3, 0]);
  expect(indicesByClass(split, 5).map((indices) => [...indices])).toEqual([[1, 4], [], [0, 2], [3], []]);
});
