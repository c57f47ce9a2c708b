/**
 * AlexCifarNet, the network of DD for CIFAR-10 (networks.py of SsnL/dataset-distillation): two convolutions, each with max
 * pooling that overlaps and local response norm, then 384 and 192 units.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import type { Expr } from '../../tensor/expr.ts';
import { maxPool, relu } from '../../tensor/ops/index.ts';
import { flatten } from '../layers.ts';
import type { Forward, NetworkInput } from '../network.ts';
import { localResponseNorm } from '../norms.ts';

export interface AlexCifarNetSpec {
  readonly kind: 'alexcifarnet';
}

const SMALLEST_PX = 4;

/** `alpha` is 0.001 / 9 as published, where a window has four channels. */
const RESPONSE = { size: 4, alpha: 0.001 / 9, beta: 0.75, k: 1 };

/** 3×3 windows, 2 apart: half the image, rounded up. */
const halve = (x: Expr) => maxPool(x, { size: [3, 3], strides: [2, 2], padding: [1, 1, 1, 1] });

export function alexCifarNet(_spec: AlexCifarNetSpec, input: NetworkInput): Result<Forward> {
  if (Math.min(input.height, input.width) < SMALLEST_PX) {
    return fail('NETWORK_INPUT', `AlexCifarNet halves its images twice: it needs at least ${SMALLEST_PX} px`);
  }
  return ok((layers, images) => {
    let x = halve(relu(layers.conv('conv0', images, { out: 64, kernel: 5, padding: 2 })));
    x = localResponseNorm(x, RESPONSE);
    // The second layer norms first and pools after, as the authors wrote it.
    x = localResponseNorm(relu(layers.conv('conv1', x, { out: 64, kernel: 5, padding: 2 })), RESPONSE);
    const hidden = relu(layers.linear('fc0', flatten(halve(x)), 384));
    const embedding = relu(layers.linear('fc1', hidden, 192));
    return { embedding, logits: layers.linear('fc2', embedding, input.classes) };
  });
}
