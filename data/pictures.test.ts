import { PNG } from 'pngjs';
import { expect, it } from 'vitest';
import { floats } from '../tensor/tensor.ts';
import { pictureGrid } from './pictures.ts';

const identity = { mean: [0, 0, 0], std: [1, 1, 1] };

/** Red, green and blue of a decoded picture, `-` for white. */
function rows(bytes: Uint8Array): string[] {
  const { width, height, data } = PNG.sync.read(Buffer.from(bytes));
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const at = (y * width + x) * 4;
      expect(data[at + 3]).toBe(255);
      const [red, green, blue] = data.subarray(at, at + 3);
      if (red === 255 && green === 255 && blue === 255) return '-';
      return red === green && green === blue ? `${red}` : `${red}/${green}/${blue}`;
    }).join(' '),
  );
}

it('puts one row a class, with white lines between and around', () => {
  const images = floats(
    Array.from({ length: 24 }, (_, at) => (at + 1) / 255),
    [4, 1, 2, 3],
  );
  expect(rows(pictureGrid(images, { ...identity, columns: 2 }))).toEqual([
    '- - - - - - - - -',
    '- 1 2 3 - 7 8 9 -',
    '- 4 5 6 - 10 11 12 -',
    '- - - - - - - - -',
    '- 13 14 15 - 19 20 21 -',
    '- 16 17 18 - 22 23 24 -',
    '- - - - - - - - -',
  ]);
});

it('shows colours, undoes the normalisation, enlarges, and leaves the rest of the last row white', () => {
  const mean = [0.4914, 0.4822, 0.4465];
  const std = [0.2023, 0.1994, 0.201];
  const pixels = [10, 20, 30, 40, 50, 60, 70, 80, 90];
  const images = floats(
    pixels.map((pixel, at) => (pixel / 255 - mean[at % 3]!) / std[at % 3]!),
    [3, 3, 1, 1],
  );
  expect(rows(pictureGrid(images, { mean, std, columns: 2, scale: 2 }))).toEqual([
    '- - - - - - -',
    '- 10/20/30 10/20/30 - 40/50/60 40/50/60 -',
    '- 10/20/30 10/20/30 - 40/50/60 40/50/60 -',
    '- - - - - - -',
    '- 70/80/90 70/80/90 - - - -',
    '- 70/80/90 70/80/90 - - - -',
    '- - - - - - -',
  ]);
});

it('gives equal bytes for equal images', () => {
  const images = floats(new Float32Array(2 * 28 * 28).fill(0.3), [2, 1, 28, 28]);
  expect(pictureGrid(images, { ...identity, columns: 1 })).toEqual(pictureGrid(images, { ...identity, columns: 1 }));
});

it('refuses what is no picture', () => {
  for (const shape of [[1, 2, 2, 2], [8], [0, 1, 2, 2]])
    expect(() =>
      pictureGrid(floats(new Float32Array(shape.reduce((a, b) => a * b)), shape), { ...identity, columns: 1 }),
    ).toThrow('expected images');
  for (const options of [{ columns: 0 }, { columns: 1, scale: 1.5 }])
    expect(() => pictureGrid(floats([1], [1, 1, 1, 1]), { ...identity, ...options })).toThrow('positive integer');
});
