/**
 * Wide ResNet (Zagoruyko and Komodakis 2016) for 32 px, WRN-depth-k: three stages of (depth - 4) / 6 blocks with 16k, 32k
 * and 64k channels, pre-activation, no dropout. Names and initial values are those of Wei Yang's PyTorch code, which
 * distillation took over (RepDistiller, G-VBSM): convolutions from N(0, 2 / fan-out), a last layer without bias at first.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import type { Expr } from '../../tensor/expr.ts';
import { add } from '../../tensor/ops/index.ts';
import { type Activation, activate } from '../activations.ts';
import { type ConvOptions, globalAverage, imageExtents, type Layers } from '../layers.ts';
import type { Forward, NetworkInput } from '../network.ts';

export interface WideResNetSpec {
  readonly kind: 'wide-resnet';
  /** 6n + 4: 10, 16, 28, 40, … */
  readonly depth?: number;
  /** The k of WRN-depth-k. */
  readonly widthMultiplier?: number;
  readonly norm?: 'batch' | 'instance';
  readonly activation?: Activation;
}

export const WIDE_RESNET_DEFAULTS = { depth: 16, widthMultiplier: 2, norm: 'batch', activation: 'relu' } as const;

const SMALLEST_PX = 8;
const WIDTHS = [16, 32, 64];

export function wideResNet(spec: WideResNetSpec, input: NetworkInput): Result<Forward> {
  const { depth, widthMultiplier, norm, activation } = { ...WIDE_RESNET_DEFAULTS, ...spec };
  const blocks = (depth - 4) / 6;
  if (!Number.isInteger(blocks) || blocks < 1) {
    return fail('NETWORK_SPEC', `A wide ResNet has a depth of 6n + 4 (10, 16, 28, 40), got ${depth}`);
  }
  if (!Number.isInteger(widthMultiplier) || widthMultiplier < 1) {
    return fail('NETWORK_SPEC', `A wide ResNet is a whole number of times as wide, got ${widthMultiplier}`);
  }
  if (Math.min(input.height, input.width) < SMALLEST_PX) {
    return fail('NETWORK_INPUT', `A wide ResNet needs at least ${SMALLEST_PX} px`);
  }

  const conv = (layers: Layers, name: string, x: Expr, options: ConvOptions) => {
    const deviation = Math.sqrt(2 / (options.out * options.kernel ** 2));
    return layers.conv(name, x, { ...options, bias: false, init: { kind: 'normal', deviation } });
  };
  const normed = (layers: Layers, name: string, x: Expr) => activate(layers.norm(name, x, norm), activation);

  const block = (layers: Layers, name: string, x: Expr, out: number, stride: number): Expr => {
    const entered = normed(layers, `${name}.bn1`, x);
    let y = conv(layers, `${name}.conv1`, entered, { out, kernel: 3, padding: 1, stride });
    y = normed(layers, `${name}.bn2`, y);
    y = conv(layers, `${name}.conv2`, y, { out, kernel: 3, padding: 1 });
    if (imageExtents(x).channels === out) return add(x, y);
    // Where channels change, the shortcut too sees what the norm and activation made of x.
    return add(conv(layers, `${name}.convShortcut`, entered, { out, kernel: 1, stride }), y);
  };

  return ok((layers, images) => {
    let x = conv(layers, 'conv1', images, { out: 16, kernel: 3, padding: 1 });
    for (const [stage, width] of WIDTHS.entries()) {
      for (let index = 0; index < blocks; index++) {
        const stride = index === 0 && stage > 0 ? 2 : 1;
        x = block(layers, `block${stage + 1}.layer.${index}`, x, width * widthMultiplier, stride);
      }
    }
    const maps = normed(layers, 'bn1', x);
    const embedding = globalAverage(maps);
    const bound = 1 / Math.sqrt(imageExtents(maps).channels);
    const logits = layers.linear('fc', embedding, input.classes, { kind: 'uniform', bound });
    return { logits, embedding, maps };
  });
}
