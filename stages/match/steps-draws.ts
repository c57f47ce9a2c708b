/**
 * Everything that DD draws, as functions of the seed and the iteration: networks in their starts, and real batches, which
 * are those of shuffled passes, the last and smaller one kept, mirrored and moved where that is asked for.
 */
import type { DataSet } from '../../data/data-set.ts';
import { normalised } from '../../data/normalise.ts';
import { initialise } from '../../nn/init.ts';
import type { Network } from '../../nn/network.ts';
import { withXavier } from '../../nn/xavier.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { floats, ints, type Tensor } from '../../tensor/tensor.ts';
import type { Seed } from '../stage.ts';

export interface StepsDrawSettings {
  readonly set: DataSet;
  readonly network: Network;
  readonly seed: Seed;
  readonly batchReal: number;
  readonly networkDraws: number;
  readonly fixedStart: boolean;
  readonly augmentReal: boolean;
}

export interface StepsDraws {
  /** The start of one of an iteration's networks. */
  network(iteration: number, draw: number): Record<string, Tensor>;
  /** Real images [n, C, H, W] and their labels. */
  real(iteration: number): { readonly images: Tensor; readonly labels: Tensor };
  /** How many passes over the real images were made before this iteration. */
  passes(iteration: number): number;
}

/** Pixels by which real images are moved at most. */
const SHIFT = 4;

export function drawsOfSteps(settings: StepsDrawSettings): StepsDraws {
  const { set, network, seed, batchReal, networkDraws, fixedStart, augmentReal } = settings;
  const networks = randomStream(seed, 'match/network');
  const shuffles = randomStream(seed, 'match/real');
  const moves = randomStream(seed, 'match/real-augmentation');
  const drawn = withXavier(network);
  const { train } = set;
  const batches = Math.ceil(train.count / batchReal);
  // A pass is cut into many batches, and its order is that of all images.
  let order: { pass: number; images: Int32Array } = { pass: -1, images: new Int32Array(0) };

  return {
    network: (iteration, draw) => initialise(drawn, networks, fixedStart ? 0 : iteration * networkDraws + draw),
    real(iteration) {
      const pass = Math.floor(iteration / batches);
      if (order.pass !== pass) order = { pass, images: shuffles.permutation(pass, train.count) };
      const at = (iteration % batches) * batchReal;
      const chosen = order.images.slice(at, at + batchReal);
      const images = normalised(set, train, chosen);
      const labels = ints(Int32Array.from(chosen, (image) => train.labels[image] ?? 0));
      return { images: augmentReal ? moved(images, moves.uniform(iteration, 3 * chosen.length)) : images, labels };
    },
    passes: (iteration) => Math.floor(iteration / batches),
  };
}

/** Each image by its own shift, what is beyond the border mirrored at it, and half of them from right to left. */
export function moved(images: Tensor, uniforms: ArrayLike<number>): Tensor {
  const [count = 0, channels = 0, height = 0, width = 0] = images.shape;
  const data = new Float32Array(images.data.length);
  const shiftOf = (uniform: number) => Math.floor(uniform * (2 * SHIFT + 1)) - SHIFT;
  for (let image = 0; image < count; image++) {
    const [down, right] = [shiftOf(uniforms[3 * image] ?? 0), shiftOf(uniforms[3 * image + 1] ?? 0)];
    const flips = (uniforms[3 * image + 2] ?? 0) < 0.5;
    for (let map = image * channels; map < (image + 1) * channels; map++)
      for (let row = 0; row < height; row++) {
        const from = (map * height + mirrored(row + down, height)) * width;
        const to = (map * height + row) * width;
        for (let column = 0; column < width; column++) {
          const source = mirrored((flips ? width - 1 - column : column) + right, width);
          data[to + column] = images.data[from + source] as number;
        }
      }
  }
  return floats(data, images.shape);
}

/** As padding by reflection has it: the pixel at the border is not repeated. */
function mirrored(at: number, length: number): number {
  if (at < 0) return -at;
  return at >= length ? 2 * (length - 1) - at : at;
}
