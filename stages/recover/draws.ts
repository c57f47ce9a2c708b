/**
 * The view of a step: one draw for its whole batch, a function of the seed and the step. Crops are those of PyTorch's
 * RandomResizedCrop: up to ten tries of an area and an aspect ratio, then the whole image as far as the ratio allows;
 * of an area of 1 the whole image.
 */
import type { RandomStream } from '../../tensor/random/stream.ts';
import { floats, type Tensor } from '../../tensor/tensor.ts';

const TRIES = 10;
const RATIO = [3 / 4, 4 / 3] as const;

/** Numbers that a crop takes. */
export const CROP_DRAWS = 2 * TRIES + 2;

export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** `uniform`: `CROP_DRAWS` numbers in [0, 1). */
export function cropBox(
  uniform: ArrayLike<number>,
  minimumArea: number,
  height: number,
  width: number,
  maximumArea = 1,
): Box {
  const at = (index: number): number => uniform[index] ?? 0;
  const [low, high] = RATIO.map(Math.log) as [number, number];
  for (let attempt = 0; attempt < TRIES && minimumArea < 1; attempt++) {
    const area = height * width * (minimumArea + (maximumArea - minimumArea) * at(2 * attempt));
    const ratio = Math.exp(low + (high - low) * at(2 * attempt + 1));
    const [tall, wide] = [Math.round(Math.sqrt(area / ratio)), Math.round(Math.sqrt(area * ratio))];
    if (tall < 1 || wide < 1 || tall > height || wide > width) continue;
    const top = Math.floor(at(2 * TRIES) * (height - tall + 1));
    const left = Math.floor(at(2 * TRIES + 1) * (width - wide + 1));
    return { top, left, height: tall, width: wide };
  }
  const wide = Math.min(width, Math.round(height * RATIO[1]));
  const tall = Math.min(height, Math.round(width / RATIO[0]));
  return { top: (height - tall) >> 1, left: (width - wide) >> 1, height: tall, width: wide };
}

export interface ViewSettings {
  readonly height: number;
  readonly width: number;
  readonly jitter: number;
  /** Otherwise rolls go down and right alone. */
  readonly bothWays?: boolean;
}

/** By name, [1] each: what `viewInputs` of `step-view.ts` declares, and more where a kind of change is not made. */
export function viewDraw(stream: RandomStream, step: number, minimumArea: number, settings: ViewSettings) {
  const { height, width, jitter, bothWays = true } = settings;
  const uniform = stream.uniform(step, CROP_DRAWS + 3);
  const box = cropBox(uniform, minimumArea, height, width);
  const [flip = 0, down = 0, across = 0] = uniform.subarray(CROP_DRAWS);
  const shift = (u: number) => (bothWays ? Math.floor(u * (2 * jitter + 1)) - jitter : Math.floor(u * (jitter + 1)));
  const one = (value: number): Tensor => floats(Float32Array.of(value), [1]);
  return {
    ...{ top: one(box.top), left: one(box.left), tall: one(box.height), wide: one(box.width) },
    ...{ mirrored: one(flip < 0.5 ? 1 : 0), down: one(shift(down)), across: one(shift(across)) },
  };
}
