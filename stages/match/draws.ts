/**
 * Everything that DM draws, as functions of the seed and the iteration: a network ψ, and for each class a batch of real
 * images and an augmentation ω that its real and synthetic images share.
 */
import { drawParameters, drawsOf, drawToken, type Token } from '../../nn/augment/dsa.ts';
import { initialise } from '../../nn/init.ts';
import type { Network } from '../../nn/network.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { floats, type Tensor } from '../../tensor/tensor.ts';
import type { Seed } from '../stage.ts';
import type { RealImages } from './real-images.ts';

export interface DrawSettings {
  readonly network: Network;
  readonly real: RealImages;
  readonly classes: number;
  readonly batchReal: number;
  readonly tokens: readonly Token[];
  readonly seed: Seed;
}

/** Of one class and iteration. */
export interface ClassDraw {
  readonly real: Tensor;
  /** Absent without augmentation. */
  readonly token?: Token;
  /** The token's parameters by name, [1] each. */
  readonly omega: Readonly<Record<string, Tensor>>;
}

export interface Draws {
  network(iteration: number): Record<string, Tensor>;
  ofClass(iteration: number, label: number): Promise<ClassDraw>;
}

export function drawsOfDm({ network, real, classes, batchReal, tokens, seed }: DrawSettings): Draws {
  const networks = randomStream(seed, 'match/network');
  const batches = randomStream(seed, 'match/real');
  const augmentations = randomStream(seed, 'match/augmentation');
  const { height, width } = network.input;

  return {
    network: (iteration) => initialise(network, networks, iteration),
    async ofClass(iteration, label) {
      const draw = iteration * classes + label;
      // As the published code: a class with fewer images gives all that it has.
      const count = Math.min(batchReal, real.count(label));
      const images = await real.read(label, batches.choose(draw, real.count(label), count));
      if (tokens.length === 0) return { real: images, omega: {} };
      const [first = 0, ...rest] = augmentations.uniform(draw, 1 + Math.max(...tokens.map(drawsOf)));
      const token = drawToken(tokens, first);
      const omega = Object.fromEntries(
        Object.entries(drawParameters(token, rest, 1, { height, width })).map(([name, value]) => [name, floats(value)]),
      );
      return { real: images, token, omega };
    },
  };
}
