/**
 * ShuffleNetV2 (Ma et al. 2018): blocks that pass half of their channels by and shuffle both halves together. Names and
 * initial values are torchvision's. Stem `small` is the 32-px form of distillation (RepDistiller, G-VBSM: 1×1, no
 * pooling), `imagenet` the 224-px form (3×3 stride 2, max pooling).
 */
import { fail, ok, type Result } from '../../base/result.ts';
import type { Expr } from '../../tensor/expr.ts';
import { concat, maxPool, reshape, split, transpose } from '../../tensor/ops/index.ts';
import { type Activation, activate } from '../activations.ts';
import { type ConvOptions, globalAverage, imageExtents, type Layers } from '../layers.ts';
import type { Forward, NetworkInput } from '../network.ts';

export interface ShuffleNetV2Spec {
  readonly kind: 'shufflenet-v2';
  readonly widthMultiplier?: 0.5 | 1 | 1.5 | 2;
  readonly norm?: 'batch' | 'instance';
  readonly activation?: Activation;
  readonly stem?: 'small' | 'imagenet';
}

export const SHUFFLENET_V2_DEFAULTS = { widthMultiplier: 1, norm: 'batch', activation: 'relu', stem: 'small' } as const;

/** Channels of the three stages and of the last convolution (table 5 of the paper). */
const WIDTHS: ReadonlyMap<number, readonly [number, number, number, number]> = new Map([
  [0.5, [48, 96, 192, 1024]],
  [1, [116, 232, 464, 1024]],
  [1.5, [176, 352, 704, 1024]],
  [2, [244, 488, 976, 2048]],
]);
const BLOCKS = [4, 8, 4];
const STEM_CHANNELS = 24;

/** [N, 2·C, H, W]: channels of the two halves in turn. */
function shuffle(x: Expr): Expr {
  const { count, channels, height, width } = imageExtents(x);
  const halves = reshape(x, [count, 2, channels / 2, height, width]);
  return reshape(transpose(halves, [0, 2, 1, 3, 4]), x.shape);
}

export function shuffleNetV2(spec: ShuffleNetV2Spec, input: NetworkInput): Result<Forward> {
  const { widthMultiplier, norm, activation, stem } = { ...SHUFFLENET_V2_DEFAULTS, ...spec };
  const widths = WIDTHS.get(widthMultiplier);
  if (!widths) {
    return fail(
      'NETWORK_SPEC',
      `ShuffleNetV2 is ${[...WIDTHS.keys()].join(', ')} times as wide, got ${widthMultiplier}`,
    );
  }
  const least = stem === 'small' ? 8 : 32;
  if (Math.min(input.height, input.width) < least) {
    return fail('NETWORK_INPUT', `ShuffleNetV2 with the ${stem} stem needs at least ${least} px`);
  }

  /** Convolution and norm, which stand at `at` and the place after it, and the activation. */
  const normed = (layers: Layers, name: string, at: number, x: Expr, options: ConvOptions): Expr =>
    layers.norm(`${name}.${at + 1}`, layers.conv(`${name}.${at}`, x, { ...options, bias: false }), norm);
  const pointwise = (layers: Layers, name: string, at: number, x: Expr, out: number): Expr =>
    activate(normed(layers, name, at, x, { out, kernel: 1 }), activation);
  const depthwise = (layers: Layers, name: string, at: number, x: Expr, stride: number): Expr => {
    const { channels } = imageExtents(x);
    return normed(layers, name, at, x, { out: channels, groups: channels, kernel: 3, padding: 1, stride });
  };

  const branch = (layers: Layers, name: string, x: Expr, out: number, stride: number): Expr => {
    const y = depthwise(layers, name, 3, pointwise(layers, name, 0, x, out), stride);
    return pointwise(layers, name, 5, y, out);
  };
  const block = (layers: Layers, name: string, x: Expr, out: number, stride: number): Expr => {
    const half = out / 2;
    if (stride === 1) {
      const [kept, changed] = split(x, [half, half], 1) as [Expr, Expr];
      return shuffle(concat([kept, branch(layers, `${name}.branch2`, changed, half, 1)], 1));
    }
    const beside = `${name}.branch1`;
    const first = pointwise(layers, beside, 2, depthwise(layers, beside, 0, x, stride), half);
    return shuffle(concat([first, branch(layers, `${name}.branch2`, x, half, stride)], 1));
  };

  return ok((layers, images) => {
    const entry = stem === 'small' ? { kernel: 1 } : { kernel: 3, stride: 2, padding: 1 };
    let x = activate(normed(layers, 'conv1', 0, images, { out: STEM_CHANNELS, ...entry }), activation);
    if (stem === 'imagenet') x = maxPool(x, { size: [3, 3], strides: [2, 2], padding: [1, 1, 1, 1] });
    for (const [stage, blocks] of BLOCKS.entries()) {
      for (let index = 0; index < blocks; index++) {
        x = block(layers, `stage${stage + 2}.${index}`, x, widths[stage] ?? 0, index === 0 ? 2 : 1);
      }
    }
    const maps = pointwise(layers, 'conv5', 0, x, widths[3]);
    const embedding = globalAverage(maps);
    return { logits: layers.linear('fc', embedding, input.classes), embedding, maps };
  });
}
