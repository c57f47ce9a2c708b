/** AlexNet of the matching family: five convolutions, stride 1, no dropout; optionally normalised before the ReLU. */
import { fail, ok, type Result } from '../../base/result.ts';
import { relu } from '../../tensor/ops/index.ts';
import { flatten, pool } from '../layers.ts';
import type { Forward, NetworkInput } from '../network.ts';

export interface AlexNetSpec {
  readonly kind: 'alexnet';
  readonly norm?: 'none' | 'batch' | 'instance';
}

const CONVOLUTIONS = [
  { out: 128, kernel: 5, pooled: true },
  { out: 192, kernel: 5, pooled: true },
  { out: 256, kernel: 3, pooled: false },
  { out: 192, kernel: 3, pooled: false },
  { out: 192, kernel: 3, pooled: true },
];

export function alexNet({ norm = 'none' }: AlexNetSpec, input: NetworkInput): Result<Forward> {
  const firstPadding = input.channels === 1 ? 4 : 2;
  if (Math.min(input.height, input.width) + 2 * (firstPadding - 2) < 8) {
    return fail('NETWORK_INPUT', 'AlexNet halves its images three times: it needs at least 8 px');
  }
  return ok((layers, images) => {
    let x = images;
    for (const [index, { out, kernel, pooled }] of CONVOLUTIONS.entries()) {
      const padding = index === 0 ? firstPadding : (kernel - 1) / 2;
      x = layers.norm(`norm${index}`, layers.conv(`conv${index}`, x, { out, kernel, padding }), norm);
      x = pool(relu(x), pooled ? 'max' : 'none');
    }
    const embedding = flatten(x);
    return { embedding, logits: layers.linear('classifier', embedding, input.classes) };
  });
}
