/**
 * Images as PNG files of eight bits, one each. What rounding to bytes and clipping to black and white has cost is measured:
 * the exact values are in `data.safetensors` alone.
 */
import { PNG } from 'pngjs';
import { toPixels } from '../../data/normalise.ts';
import type { ExportedSet } from './source.ts';

/** Colour types of the PNG standard, without alpha. */
const GREY = 0;
const RGB = 2;

export interface Pictures {
  /** Of each image, in the order of the set. */
  readonly files: readonly Uint8Array[];
  /** On the scale of pixels from 0 to 1. */
  readonly largestError: number;
  readonly meanError: number;
  /** Share of values that lie beyond black or white. */
  readonly clipped: number;
}

export function picturesOf({ images, mean, std }: ExportedSet): Pictures {
  const [count = 0, channels = 1, height = 1, width = 1] = images.shape;
  const area = height * width;
  const pixels = toPixels(images, mean, std);
  let [largestError, sum, clipped] = [0, 0, 0];
  for (let at = 0; at < pixels.length; at++) {
    const channel = Math.floor(at / area) % channels;
    const value = (images.data[at] ?? 0) * (std[channel] ?? 1) + (mean[channel] ?? 0);
    const error = Math.abs((pixels[at] ?? 0) / 255 - value);
    largestError = Math.max(largestError, error);
    sum += error;
    if (value < 0 || value > 1) clipped++;
  }
  const files = Array.from({ length: count }, (_, image) =>
    encoded(pixels.subarray(image * channels * area, (image + 1) * channels * area), channels, height, width),
  );
  return {
    files,
    largestError,
    meanError: sum / Math.max(1, pixels.length),
    clipped: clipped / Math.max(1, pixels.length),
  };
}

/** Planes to pixels. */
function encoded(planes: Uint8Array, channels: number, height: number, width: number): Uint8Array {
  const area = height * width;
  const png = new PNG({ width, height });
  png.data = Buffer.alloc(area * channels);
  for (let at = 0; at < area; at++)
    for (let channel = 0; channel < channels; channel++)
      png.data[at * channels + channel] = planes[channel * area + at] ?? 0;
  const colorType = channels === 1 ? GREY : RGB;
  return PNG.sync.write(png, { colorType, inputColorType: colorType, inputHasAlpha: false });
}

/** What a reader sees, in the same planes: for reading back what was written. */
export function decodedPlanes(bytes: Uint8Array, channels: number): Uint8Array {
  const { data, width, height } = PNG.sync.read(Buffer.from(bytes));
  const area = width * height;
  const planes = new Uint8Array(area * channels);
  for (let at = 0; at < area; at++)
    for (let channel = 0; channel < channels; channel++) planes[channel * area + at] = data[at * 4 + channel] ?? 0;
  return planes;
}
