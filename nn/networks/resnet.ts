/**
 * ResNet (He et al. 2016), post-activation. Stem `small` is the 32-px form of the matching family (3×3, stride 1, no
 * pooling), `imagenet` the 224-px form (7×7 stride 2, max pooling). `downsampling: average` is the family's AP variant:
 * every stride-2 convolution becomes stride 1 followed by 2×2 average pooling, and there is no global pooling.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import type { Expr } from '../../tensor/expr.ts';
import { add, maxPool, relu } from '../../tensor/ops/index.ts';
import { type ConvOptions, flatten, globalAverage, imageExtents, type Layers, pool } from '../layers.ts';
import type { Forward, NetworkInput } from '../network.ts';

export type ResNetDepth = 18 | 34 | 50;

export interface ResNetSpec {
  readonly kind: 'resnet';
  readonly depth?: ResNetDepth;
  readonly norm?: 'batch' | 'instance';
  readonly stem?: 'small' | 'imagenet';
  readonly downsampling?: 'stride' | 'average';
}

const BLOCKS: Readonly<Record<ResNetDepth, readonly number[]>> = {
  18: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
  50: [3, 4, 6, 3],
};
const WIDTHS = [64, 128, 256, 512];
/** A bottleneck's output has four times its width. */
const EXPANSION = 4;

export function resNet(spec: ResNetSpec, input: NetworkInput): Result<Forward> {
  const { depth = 18, norm = 'instance', stem = 'small', downsampling = 'stride' } = spec;
  const bottleneck = depth === 50;
  const smallest = Math.min(input.height, input.width);
  if (smallest < (stem === 'small' ? 8 : 32)) {
    return fail('NETWORK_INPUT', `ResNet with the ${stem} stem needs at least ${stem === 'small' ? 8 : 32} px`);
  }

  /** torchvision draws the 224-px form from N(0, 2 / fan-out); the matching family keeps PyTorch's default. */
  const conv = (layers: Layers, name: string, x: Expr, options: ConvOptions) => {
    const deviation = Math.sqrt(2 / (options.out * options.kernel ** 2));
    return layers.conv(name, x, {
      ...options,
      bias: false,
      ...(stem === 'imagenet' ? { init: { kind: 'normal', deviation } as const } : {}),
    });
  };

  /** A convolution that halves the maps where `stride` is 2; `tail` comes before an average pooling, if there is one. */
  const halving = (layers: Layers, name: string, x: Expr, options: ConvOptions, tail: (y: Expr) => Expr) => {
    if (downsampling === 'stride') return tail(conv(layers, name, x, options));
    const y = tail(conv(layers, name, x, { ...options, stride: 1 }));
    return options.stride === 2 ? pool(y, 'average') : y;
  };

  const block = (layers: Layers, name: string, x: Expr, width: number, stride: number): Expr => {
    const out = bottleneck ? width * EXPANSION : width;
    const normed = (index: number, y: Expr) => layers.norm(`${name}.norm${index}`, y, norm);
    const active = (index: number) => (y: Expr) => relu(normed(index, y));
    let y = x;
    if (bottleneck) {
      y = active(0)(conv(layers, `${name}.conv0`, y, { out: width, kernel: 1 }));
      y = halving(layers, `${name}.conv1`, y, { out: width, kernel: 3, padding: 1, stride }, active(1));
      y = normed(2, conv(layers, `${name}.conv2`, y, { out, kernel: 1 }));
    } else {
      y = halving(layers, `${name}.conv0`, y, { out: width, kernel: 3, padding: 1, stride }, active(0));
      y = normed(1, conv(layers, `${name}.conv1`, y, { out: width, kernel: 3, padding: 1 }));
    }
    if (stride === 1 && imageExtents(x).channels === out) return relu(add(y, x));
    const shortcut = halving(layers, `${name}.shortcut.conv`, x, { out, kernel: 1, stride }, (z) => z);
    return relu(add(y, layers.norm(`${name}.shortcut.norm`, shortcut, norm)));
  };

  return ok((layers, images) => {
    const first = stem === 'small' ? { out: 64, kernel: 3, padding: 1 } : { out: 64, kernel: 7, padding: 3, stride: 2 };
    let x = relu(layers.norm('stem.norm', conv(layers, 'stem.conv', images, first), norm));
    if (stem === 'imagenet') x = maxPool(x, { size: [3, 3], strides: [2, 2], padding: [1, 1, 1, 1] });
    for (const [stage, blocks] of BLOCKS[depth].entries()) {
      for (let index = 0; index < blocks; index++) {
        const stride = index === 0 && stage > 0 ? 2 : 1;
        x = block(layers, `layer${stage + 1}.${index}`, x, WIDTHS[stage] ?? 0, stride);
      }
    }
    const embedding = downsampling === 'average' ? flatten(x) : globalAverage(x);
    const logits = layers.linear('classifier', embedding, input.classes);
    return { embedding, logits, ...(downsampling === 'stride' && { maps: x }) };
  });
}
