/**
 * VGG of the matching family: 3×3 convolutions with norm and ReLU, five max poolings, one linear layer. At 32 px the
 * maps end at 1×1; larger images are averaged there.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import { relu } from '../../tensor/ops/index.ts';
import { globalAverage, pool } from '../layers.ts';
import type { Forward, NetworkInput } from '../network.ts';

export type VggDepth = 11 | 13 | 16 | 19;

export interface VggSpec {
  readonly kind: 'vgg';
  readonly depth?: VggDepth;
  readonly norm?: 'none' | 'batch' | 'instance';
}

/** Convolutions in each of the five stages; a max pooling ends each. */
const STAGES: Readonly<Record<VggDepth, readonly number[]>> = {
  11: [1, 1, 2, 2, 2],
  13: [2, 2, 2, 2, 2],
  16: [2, 2, 3, 3, 3],
  19: [2, 2, 4, 4, 4],
};
const WIDTHS = [64, 128, 256, 512, 512];

export function vgg({ depth = 11, norm = 'instance' }: VggSpec, input: NetworkInput): Result<Forward> {
  const firstPadding = input.channels === 1 ? 3 : 1;
  if (Math.min(input.height, input.width) + 2 * (firstPadding - 1) < 32) {
    return fail('NETWORK_INPUT', 'VGG halves its images five times: it needs at least 32 px (28 with one channel)');
  }
  return ok((layers, images) => {
    let x = images;
    let index = 0;
    for (const [stage, convolutions] of STAGES[depth].entries()) {
      for (let convolution = 0; convolution < convolutions; convolution++, index++) {
        const padding = index === 0 ? firstPadding : 1;
        x = layers.conv(`conv${index}`, x, { out: WIDTHS[stage] ?? 0, kernel: 3, padding });
        x = relu(layers.norm(`norm${index}`, x, norm));
      }
      x = pool(x, 'max');
    }
    const embedding = globalAverage(x);
    return { embedding, logits: layers.linear('classifier', embedding, input.classes) };
  });
}
