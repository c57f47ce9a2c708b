/**
 * DC's own augmentation at evaluation (Zhao, Mopuri and Bilen, ICLR 2021; `utils.py:augment` of their repository): each
 * image gets one operator, chosen uniformly from the strategy. It is applied to values, not built into graphs: nothing is
 * differentiated in it, and each image takes another way. `crop_scale_rotate` is the setting of MNIST, `crop_noise` that
 * of networks with batch norm.
 *
 * Fill values are means of the batch before any image is changed: crop fills each channel with its own mean, rotation
 * every channel with the mean of those means, scale with 0.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import { floats, type Tensor } from '../../tensor/tensor.ts';
import { rotatePlane } from './spline.ts';

export const DC_OPERATORS = ['crop', 'scale', 'rotate', 'noise'] as const;
export type DcOperator = (typeof DC_OPERATORS)[number];

export interface DcSettings {
  /** Pixels added on each side. */
  readonly crop: number;
  /** Factors are uniform in [1 - this, 1 + this]. */
  readonly scale: number;
  /** Whole degrees, from -this to this - 1. */
  readonly rotate: number;
  /** Standard deviation. */
  readonly noise: number;
}

export const DC_SETTINGS: DcSettings = { crop: 4, scale: 0.2, rotate: 45, noise: 0.001 };

/** What one image gets. */
export type DcDraw =
  | { readonly operator: 'crop'; readonly row: number; readonly column: number }
  | { readonly operator: 'scale'; readonly heightFactor: number; readonly widthFactor: number }
  | { readonly operator: 'rotate'; readonly degrees: number }
  /** Standard normal numbers, one a pixel and channel. */
  | { readonly operator: 'noise'; readonly normal: ArrayLike<number> };

/** `crop_scale_rotate` as a list; the words stand in any order. */
export function parseDcStrategy(strategy: string): Result<readonly DcOperator[]> {
  const words = strategy.split('_');
  const unknown = words.find((word) => !DC_OPERATORS.some((operator) => operator === word));
  if (unknown === undefined) return ok(words as DcOperator[]);
  return fail(
    'AUGMENTATION_UNKNOWN',
    `There is no operator ${JSON.stringify(unknown)} in ${JSON.stringify(strategy)}`,
    {
      help: `Join some of ${DC_OPERATORS.join(', ')} by underscores.`,
    },
  );
}

/** The part of a random stream that draws need. */
export interface DcStream {
  uniform(step: number, count: number): Float64Array | Float32Array;
  normal(step: number, count: number): Float64Array | Float32Array;
}

/** Three uniform numbers an image, and normal ones for those that get noise. `values` is C·H·W. */
export function drawDcOperators(
  operators: readonly DcOperator[],
  stream: DcStream,
  step: number,
  { count, values, settings = DC_SETTINGS }: { count: number; values: number; settings?: DcSettings },
): readonly DcDraw[] {
  const uniform = stream.uniform(step, 3 * count);
  const normal = operators.includes('noise') ? stream.normal(step, count * values) : new Float32Array(0);
  const below = (u: number, limit: number) => Math.min(limit - 1, Math.floor(u * limit));
  return Array.from({ length: count }, (_, image): DcDraw => {
    const [choice = 0, first = 0, second = 0] = uniform.subarray(3 * image, 3 * image + 3);
    const factor = (u: number) => 1 - settings.scale + 2 * settings.scale * u;
    switch (operators[below(choice, operators.length)]) {
      case 'scale':
        return { operator: 'scale', heightFactor: factor(first), widthFactor: factor(second) };
      case 'rotate':
        return { operator: 'rotate', degrees: below(first, 2 * settings.rotate) - settings.rotate };
      case 'noise':
        return { operator: 'noise', normal: normal.subarray(image * values, (image + 1) * values) };
      default:
        // The window's offset never reaches 2·crop: the published code takes it from a permutation of that many.
        return { operator: 'crop', row: below(first, 2 * settings.crop), column: below(second, 2 * settings.crop) };
    }
  });
}

/** Images [N, C, H, W] with one draw each. */
export function augmentDc(images: Tensor, draws: readonly DcDraw[], settings: DcSettings = DC_SETTINGS): Tensor {
  const [count = 0, channels = 0, height = 0, width = 0] = images.shape;
  const values = channels * height * width;
  if (draws.length !== count) throw new Error(`Expected a draw for each of ${count} images, got ${draws.length}`);
  const means = channelMeans(images);
  const meanOfMeans = means.reduce((total, mean) => total + mean, 0) / channels;
  const out = Float32Array.from(images.data);
  for (const [index, draw] of draws.entries()) {
    for (let channel = 0; channel < channels; channel++) {
      const start = index * values + channel * height * width;
      const plane: Window = { values: images.data.subarray(start, start + height * width), height, width };
      const fill = draw.operator === 'crop' ? (means[channel] as number) : meanOfMeans;
      const noise = (pixel: number) =>
        draw.operator === 'noise' ? settings.noise * (draw.normal[channel * height * width + pixel] ?? 0) : 0;
      const changed = changePlane(plane, draw, fill, settings, noise);
      out.set(changed, start);
    }
  }
  return floats(out, images.shape);
}

interface Window {
  readonly values: ArrayLike<number>;
  readonly height: number;
  readonly width: number;
}

function channelMeans({ shape, data }: Tensor): readonly number[] {
  const [count = 0, channels = 0, height = 0, width = 0] = shape;
  const pixels = height * width;
  return Array.from({ length: channels }, (_, channel) => {
    let total = 0;
    for (let image = 0; image < count; image++) {
      const start = (image * channels + channel) * pixels;
      for (let pixel = start; pixel < start + pixels; pixel++) total += data[pixel] as number;
    }
    return total / (count * pixels);
  });
}

function changePlane(
  plane: Window,
  draw: DcDraw,
  fill: number,
  { crop }: DcSettings,
  noise: (pixel: number) => number,
): Float32Array {
  const { height, width, values } = plane;
  switch (draw.operator) {
    case 'crop':
      return cut(plane, plane, draw.row - crop, draw.column - crop, fill);
    case 'scale':
      return scaled(plane, draw.heightFactor, draw.widthFactor);
    case 'rotate': {
      const turned = rotatePlane({ height, width, values: Float64Array.from(values) }, draw.degrees, fill);
      return cut(turned, plane, half(turned.height - height), half(turned.width - width), fill);
    }
    case 'noise':
      return Float32Array.from(values, (value, pixel) => value + noise(pixel));
  }
}

function half(difference: number): number {
  return Math.trunc(difference / 2);
}

/** A window of the size of `size` with its corner at (top, left) of `from`, `fill` where it reaches beyond. */
function cut(from: Window, size: Window, top: number, left: number, fill: number): Float32Array {
  const out = new Float32Array(size.height * size.width);
  for (let row = 0; row < size.height; row++) {
    for (let column = 0; column < size.width; column++) {
      const [v, u] = [row + top, column + left];
      const inside = v >= 0 && v < from.height && u >= 0 && u < from.width;
      out[row * size.width + column] = inside ? (from.values[v * from.width + u] as number) : fill;
    }
  }
  return out;
}

/** Nearest-neighbour resizing, then the centre: on a square of zeros that holds both, so that halves are cut twice. */
function scaled(plane: Window, heightFactor: number, widthFactor: number): Float32Array {
  const { height, width, values } = plane;
  // Both sides come from the image's height; so the published code has it.
  const [tall, wide] = [Math.trunc(heightFactor * height), Math.trunc(widthFactor * height)];
  const side = Math.max(tall, wide, height, width);
  const [top, left] = [half(side - tall), half(side - wide)];
  const [rowStart, columnStart] = [half(side - height), half(side - width)];
  const out = new Float32Array(height * width);
  for (let row = 0; row < height; row++) {
    const v = row + rowStart - top;
    if (v < 0 || v >= tall) continue;
    for (let column = 0; column < width; column++) {
      const u = column + columnStart - left;
      if (u < 0 || u >= wide) continue;
      out[row * width + column] = values[source(v, height, tall) * width + source(u, width, wide)] as number;
    }
  }
  return out;
}

/** In float32, as PyTorch has it: where `place · from / to` is whole, rounding decides. */
function source(place: number, from: number, to: number): number {
  return Math.min(from - 1, Math.floor(Math.fround(place * Math.fround(from / to))));
}
