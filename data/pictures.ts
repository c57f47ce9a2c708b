/** A grid of images as a PNG, as papers print synthetic sets: one row a class, a white line between and around them. */
import { PNG } from 'pngjs';
import type { Tensor } from '../tensor/tensor.ts';
import { toPixels } from './normalise.ts';

const GUTTER = 1;
const WHITE = 255;

/** Colour types of the PNG standard, without alpha. */
const GREY = 0;
const RGB = 2;

export interface PictureOptions {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Images of a row: those of one class, where images are sorted by class. */
  readonly columns: number;
  /** Screen pixels of an image's pixel, on each side; an integer, 1 by default. */
  readonly scale?: number;
}

/** PNG bytes of normalised `images` [n, 1 or 3, height, width], row by row; places left over in the last row are white. */
export function pictureGrid(images: Tensor, { mean, std, columns, scale = 1 }: PictureOptions): Uint8Array {
  const [count = 0, channels = 0, height = 0, width = 0] = images.shape;
  if (images.shape.length !== 4 || (channels !== 1 && channels !== 3) || count === 0)
    throw new Error(`Internal error: expected images [n, 1 or 3, height, width], got [${images.shape}]`);
  for (const value of [columns, scale])
    if (!Number.isInteger(value) || value < 1)
      throw new Error(`Internal error: expected a positive integer, got ${value}`);

  const pixels = toPixels(images, mean, std);
  const gridWidth = GUTTER + columns * (width * scale + GUTTER);
  const gridHeight = GUTTER + Math.ceil(count / columns) * (height * scale + GUTTER);
  const grid = Buffer.alloc(gridWidth * gridHeight * channels, WHITE);
  for (let image = 0; image < count; image++) {
    const left = GUTTER + (image % columns) * (width * scale + GUTTER);
    const top = GUTTER + Math.floor(image / columns) * (height * scale + GUTTER);
    for (let channel = 0; channel < channels; channel++) {
      const plane = (image * channels + channel) * height * width;
      for (let y = 0; y < height * scale; y++)
        for (let x = 0; x < width * scale; x++) {
          const pixel = pixels[plane + Math.floor(y / scale) * width + Math.floor(x / scale)] ?? 0;
          grid[((top + y) * gridWidth + left + x) * channels + channel] = pixel;
        }
    }
  }

  const colorType = channels === 1 ? GREY : RGB;
  const png = new PNG({ width: gridWidth, height: gridHeight });
  png.data = grid;
  return PNG.sync.write(png, { colorType, inputColorType: colorType, inputHasAlpha: false });
}
