/**
 * EfficientNet-B0 (Tan and Le 2019): MobileNetV2's blocks with kernels of 3 or 5 pixels and squeeze-and-excitation, which
 * weighs the channels by what they hold on average. Names and initial values are torchvision's; nothing is drawn in training,
 * so there is neither stochastic depth (torchvision: up to 0.2, growing with depth, of whole images) nor dropout before the
 * last layer (0.2). Stem `imagenet` is torchvision's 224-px form, `small` the 32-px form of distillation (EDC, after G-VBSM):
 * the same, but for a first convolution that does not halve.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import type { Expr } from '../../tensor/expr.ts';
import { add, mean, mul, sigmoid } from '../../tensor/ops/index.ts';
import { type Activation, activate } from '../activations.ts';
import { type ConvOptions, globalAverage, imageExtents, type Layers } from '../layers.ts';
import type { Forward, NetworkInput } from '../network.ts';

export interface EfficientNetB0Spec {
  readonly kind: 'efficientnet-b0';
  readonly norm?: 'batch' | 'instance';
  readonly activation?: Activation;
  readonly stem?: 'small' | 'imagenet';
}

export const EFFICIENTNET_B0_DEFAULTS = { norm: 'batch', activation: 'swish', stem: 'small' } as const;

/** Table 1 of the paper: how many times a block widens, its kernel, its channels, how many, the first one's stride. */
const STAGES = [
  { widen: 1, kernel: 3, channels: 16, blocks: 1, stride: 1 },
  { widen: 6, kernel: 3, channels: 24, blocks: 2, stride: 2 },
  { widen: 6, kernel: 5, channels: 40, blocks: 2, stride: 2 },
  { widen: 6, kernel: 3, channels: 80, blocks: 3, stride: 2 },
  { widen: 6, kernel: 5, channels: 112, blocks: 3, stride: 1 },
  { widen: 6, kernel: 5, channels: 192, blocks: 4, stride: 2 },
  { widen: 6, kernel: 3, channels: 320, blocks: 1, stride: 1 },
];
const STEM_CHANNELS = 32;
const LAST_CHANNELS = 1280;
/** Channels that enter a block over those that its channels are squeezed to. */
const SQUEEZE = 4;

export function efficientNetB0(spec: EfficientNetB0Spec, input: NetworkInput): Result<Forward> {
  const { norm, activation, stem } = { ...EFFICIENTNET_B0_DEFAULTS, ...spec };
  const least = stem === 'small' ? 16 : 32;
  if (Math.min(input.height, input.width) < least) {
    return fail('NETWORK_INPUT', `EfficientNet-B0 with the ${stem} stem needs at least ${least} px`);
  }

  /** torchvision's: from N(0, 2 / fan-out), where groups do not make the fan-out smaller. */
  const conv = (layers: Layers, name: string, x: Expr, options: ConvOptions): Expr => {
    const deviation = Math.sqrt(2 / (options.out * options.kernel ** 2));
    return layers.conv(name, x, { ...options, init: { kind: 'normal', deviation } });
  };
  const normed = (layers: Layers, name: string, x: Expr, options: ConvOptions): Expr => {
    const padding = (options.kernel - 1) / 2;
    return layers.norm(`${name}.1`, conv(layers, `${name}.0`, x, { ...options, padding, bias: false }), norm);
  };
  const active = (layers: Layers, name: string, x: Expr, options: ConvOptions): Expr =>
    activate(normed(layers, name, x, options), activation);

  const excited = (layers: Layers, name: string, x: Expr, squeezed: number): Expr => {
    const { channels } = imageExtents(x);
    const average = mean(x, { axes: [2, 3], keepDims: true });
    const few = activate(conv(layers, `${name}.fc1`, average, { out: squeezed, kernel: 1 }), activation);
    return mul(x, sigmoid(conv(layers, `${name}.fc2`, few, { out: channels, kernel: 1 })));
  };
  const block = (
    layers: Layers,
    name: string,
    x: Expr,
    { widen, kernel, out, stride }: { widen: number; kernel: number; out: number; stride: number },
  ): Expr => {
    const { channels } = imageExtents(x);
    const hidden = channels * widen;
    let y = x;
    let at = 0;
    if (widen !== 1) y = active(layers, `${name}.${at++}`, y, { out: hidden, kernel: 1 });
    y = active(layers, `${name}.${at++}`, y, { out: hidden, groups: hidden, kernel, stride });
    y = excited(layers, `${name}.${at++}`, y, channels / SQUEEZE);
    y = normed(layers, `${name}.${at}`, y, { out, kernel: 1 });
    return stride === 1 && channels === out ? add(x, y) : y;
  };

  return ok((layers, images) => {
    const entry = { out: STEM_CHANNELS, kernel: 3, stride: stem === 'small' ? 1 : 2 };
    let x = active(layers, 'features.0', images, entry);
    for (const [stage, { channels, blocks, stride, ...rest }] of STAGES.entries()) {
      for (let index = 0; index < blocks; index++) {
        const shape = { ...rest, out: channels, stride: index === 0 ? stride : 1 };
        x = block(layers, `features.${stage + 1}.${index}.block`, x, shape);
      }
    }
    const maps = active(layers, `features.${STAGES.length + 1}`, x, { out: LAST_CHANNELS, kernel: 1 });
    const embedding = globalAverage(maps);
    const bound = 1 / Math.sqrt(input.classes);
    const logits = layers.linear('classifier.1', embedding, input.classes, { kind: 'uniform', bound });
    return { logits, embedding, maps };
  });
}
