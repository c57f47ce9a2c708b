/** LeNet of the matching family: two 5×5 convolutions with max pooling, then 120 and 84 units. */
import { fail, ok, type Result } from '../../base/result.ts';
import { relu } from '../../tensor/ops/index.ts';
import { flatten, pool } from '../layers.ts';
import type { Forward, NetworkInput } from '../network.ts';

export interface LeNetSpec {
  readonly kind: 'lenet';
}

const SMALLEST_PX = 16;

export function leNet(_spec: LeNetSpec, input: NetworkInput): Result<Forward> {
  const padding = input.channels === 1 ? 2 : 0;
  if (Math.min(input.height, input.width) + 2 * padding < SMALLEST_PX) {
    return fail('NETWORK_INPUT', `LeNet needs images of at least ${SMALLEST_PX - 2 * padding} px`);
  }
  return ok((layers, images) => {
    let x = pool(relu(layers.conv('conv0', images, { out: 6, kernel: 5, padding })), 'max');
    x = pool(relu(layers.conv('conv1', x, { out: 16, kernel: 5 })), 'max');
    let features = relu(layers.linear('fc0', flatten(x), 120));
    features = relu(layers.linear('fc1', features, 84));
    return { logits: layers.linear('fc2', features, input.classes) };
  });
}
