/**
 * MobileNetV2 (Sandler et al. 2018): blocks that widen, filter each channel by itself and narrow without an activation.
 * Names and initial values are torchvision's; no dropout before the last layer. Stem `imagenet` is torchvision's 224-px
 * form, `small` the 32-px form of distillation (RepDistiller, G-VBSM), which halves its maps four times instead of five,
 * rounds channels down instead of to multiples of 8, has a first block like the others, and ReLU.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import type { Expr } from '../../tensor/expr.ts';
import { add } from '../../tensor/ops/index.ts';
import { type Activation, activate } from '../activations.ts';
import { type ConvOptions, globalAverage, imageExtents, type Layers } from '../layers.ts';
import type { Forward, NetworkInput } from '../network.ts';

export interface MobileNetV2Spec {
  readonly kind: 'mobilenet-v2';
  readonly widthMultiplier?: number;
  readonly norm?: 'batch' | 'instance';
  /** `relu6` with the stem `imagenet`, `relu` with `small`, unless said otherwise. */
  readonly activation?: Activation;
  readonly stem?: 'small' | 'imagenet';
}

export const MOBILENET_V2_DEFAULTS = { widthMultiplier: 1, norm: 'batch', stem: 'small' } as const;

/** Table 2 of the paper: how many times a block widens, its channels, how many, the first one's stride in either form. */
const STAGES = [
  { widen: 1, channels: 16, blocks: 1, stride: { small: 1, imagenet: 1 } },
  { widen: 6, channels: 24, blocks: 2, stride: { small: 1, imagenet: 2 } },
  { widen: 6, channels: 32, blocks: 3, stride: { small: 2, imagenet: 2 } },
  { widen: 6, channels: 64, blocks: 4, stride: { small: 2, imagenet: 2 } },
  { widen: 6, channels: 96, blocks: 3, stride: { small: 1, imagenet: 1 } },
  { widen: 6, channels: 160, blocks: 3, stride: { small: 2, imagenet: 2 } },
  { widen: 6, channels: 320, blocks: 1, stride: { small: 1, imagenet: 1 } },
];
const STEM_CHANNELS = 32;
/** Before the last layer; narrower networks keep it. */
const LAST_CHANNELS = 1280;

/** The nearest multiple of 8, at least 8 and at least nine tenths of it. */
function toEights(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

export function mobileNetV2(spec: MobileNetV2Spec, input: NetworkInput): Result<Forward> {
  const { widthMultiplier, norm, stem } = { ...MOBILENET_V2_DEFAULTS, ...spec };
  const { activation = stem === 'small' ? 'relu' : 'relu6' } = spec;
  const scaled = (channels: number) =>
    stem === 'small' ? Math.floor(channels * widthMultiplier) : toEights(channels * widthMultiplier);
  if (!(scaled(16) >= 1)) {
    return fail('NETWORK_SPEC', `MobileNetV2 ${widthMultiplier} times as wide has no channels left`);
  }
  const least = stem === 'small' ? 16 : 32;
  if (Math.min(input.height, input.width) < least) {
    return fail('NETWORK_INPUT', `MobileNetV2 with the ${stem} stem needs at least ${least} px`);
  }

  /** torchvision's: from N(0, 2 / fan-out), where groups do not make the fan-out smaller. */
  const conv = (layers: Layers, name: string, x: Expr, options: ConvOptions): Expr => {
    const deviation = Math.sqrt(2 / (options.out * options.kernel ** 2));
    return layers.conv(name, x, { ...options, bias: false, init: { kind: 'normal', deviation } });
  };
  const active = (layers: Layers, name: string, x: Expr, options: ConvOptions): Expr =>
    activate(layers.norm(`${name}.1`, conv(layers, `${name}.0`, x, options), norm), activation);

  const block = (layers: Layers, name: string, x: Expr, widen: number, out: number, stride: number): Expr => {
    const { channels } = imageExtents(x);
    const hidden = channels * widen;
    let y = x;
    let at = 0;
    if (widen !== 1 || stem === 'small') y = active(layers, `${name}.${at++}`, y, { out: hidden, kernel: 1 });
    y = active(layers, `${name}.${at++}`, y, { out: hidden, groups: hidden, kernel: 3, padding: 1, stride });
    y = conv(layers, `${name}.${at++}`, y, { out, kernel: 1 });
    y = layers.norm(`${name}.${at}`, y, norm);
    return stride === 1 && channels === out ? add(x, y) : y;
  };

  return ok((layers, images) => {
    let x = active(layers, 'features.0', images, { out: scaled(STEM_CHANNELS), kernel: 3, stride: 2, padding: 1 });
    let place = 1;
    for (const { widen, channels, blocks, stride } of STAGES) {
      for (let index = 0; index < blocks; index++) {
        x = block(layers, `features.${place++}.conv`, x, widen, scaled(channels), index === 0 ? stride[stem] : 1);
      }
    }
    const last = LAST_CHANNELS * Math.max(1, widthMultiplier);
    const out = stem === 'small' ? Math.floor(last) : toEights(last);
    const maps = active(layers, `features.${place}`, x, { out, kernel: 1 });
    const embedding = globalAverage(maps);
    const logits = layers.linear('classifier.1', embedding, input.classes, { kind: 'normal', deviation: 0.01 });
    return { logits, embedding, maps };
  });
}
