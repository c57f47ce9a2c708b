/**
 * Augmentation while a network trains. DSA (mode S, not siamese): each mini-batch draws one token, each of its images a
 * strength of its own; one small program a token and batch size. DC's own draws an operator an image.
 */
import { unwrap } from '../../base/result.ts';
import { augmentDc, drawDcOperators, parseDcStrategy } from '../../nn/augment/dc.ts';
import { drawParameters, drawsOf, drawToken, type Token } from '../../nn/augment/dsa.ts';
import { augmentProgram } from '../../nn/augment/dsa-programs.ts';
import type { Backend } from '../../tensor/backends/backend.ts';
import type { RandomStream } from '../../tensor/random/stream.ts';
import { floats, type Tensor } from '../../tensor/tensor.ts';
import { programs } from '../programs.ts';

export interface Augmenter {
  /** `draw` numbers the mini-batches of the whole training. */
  apply(images: Tensor, draw: number): Promise<Tensor>;
  close(): void;
}

export function openAugmenter(backend: Backend, tokens: readonly Token[], stream: RandomStream): Augmenter {
  const compiled = programs(backend);
  return {
    async apply(images, draw) {
      if (tokens.length === 0) return images;
      const [count = 0, , height = 0, width = 0] = images.shape;
      const [first = 0, ...rest] = stream.uniform(draw, 1 + count * Math.max(...tokens.map(drawsOf)));
      const token = drawToken(tokens, first);
      const strengths = Object.entries(drawParameters(token, rest, count, { height, width }));
      const program = await compiled.get(`${token} ${count}`, () =>
        augmentProgram(token, images.shape, { siamese: false }),
      );
      const feeds = Object.fromEntries(strengths.map(([name, values]) => [name, floats(values)]));
      return (await program.run({ images, ...feeds })).images as Tensor;
    },
    close: compiled.close,
  };
}

/** `strategy`: operators joined by underscores, or `none`. */
export function openDcAugmenter(strategy: string, stream: RandomStream): Augmenter {
  const operators = strategy === 'none' ? [] : unwrap(parseDcStrategy(strategy));
  return {
    async apply(images, draw) {
      if (operators.length === 0) return images;
      const count = images.shape[0] ?? 0;
      const values = images.data.length / count;
      return augmentDc(images, drawDcOperators(operators, stream, draw, { count, values }));
    },
    close() {},
  };
}
