/** MLP of the matching family: pixels → 128 → 128 → classes, ReLU. */
import { ok, type Result } from '../../base/result.ts';
import { relu } from '../../tensor/ops/index.ts';
import { flatten } from '../layers.ts';
import type { Forward, NetworkInput } from '../network.ts';

export interface MlpSpec {
  readonly kind: 'mlp';
  /** Width of the hidden layers. */
  readonly width?: number;
  /** Number of hidden layers. */
  readonly depth?: number;
}

export function mlp({ width = 128, depth = 2 }: MlpSpec, input: NetworkInput): Result<Forward> {
  return ok((layers, images) => {
    let x = flatten(images);
    for (let layer = 0; layer < depth; layer++) x = relu(layers.linear(`fc${layer}`, x, width));
    return { logits: layers.linear(`fc${depth}`, x, input.classes) };
  });
}
