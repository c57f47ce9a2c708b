/**
 * A small vision transformer (Dosovitskiy et al. 2021), pre-norm: patches → class token and learned positions →
 * blocks of attention and a GELU perceptron → layer norm → linear layer on the class token.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import type { Expr } from '../../tensor/expr.ts';
import { add, broadcastTo, concat, matmul, mul, reshape, slice, softmax, transpose } from '../../tensor/ops/index.ts';
import { activate } from '../activations.ts';
import { type Init, imageExtents, type Layers } from '../layers.ts';
import type { Forward, NetworkInput } from '../network.ts';
import { featureNorm } from '../norms.ts';

export interface VitSpec {
  readonly kind: 'vit';
  /** Pixels a side of a patch. */
  readonly patch?: number;
  readonly width?: number;
  readonly depth?: number;
  readonly heads?: number;
  /** Width of a block's perceptron over `width`. */
  readonly expansion?: number;
}

/** timm's and torchvision's initial spread of tokens, positions and linear weights. */
const SMALL: Init = { kind: 'normal', deviation: 0.02 };
const ZERO: Init = { kind: 'constant', value: 0 };

/** Multi-head self-attention over tokens [N, T, width]. */
function attention(layers: Layers, name: string, x: Expr, heads: number): Expr {
  const [count = 0, tokens = 0, width = 0] = x.shape;
  const size = width / heads;
  const joint = reshape(layers.linear(`${name}.qkv`, x, 3 * width, SMALL), [count, tokens, 3, heads, size]);
  const split = transpose(joint, [2, 0, 3, 1, 4]); // [3, N, heads, T, size]
  const part = (index: number) =>
    reshape(slice(split, { starts: [index, 0, 0, 0, 0], sizes: [1, count, heads, tokens, size] }), [
      count,
      heads,
      tokens,
      size,
    ]);
  const scores = mul(matmul(part(0), part(1), { transB: true }), 1 / Math.sqrt(size));
  const mixed = matmul(softmax(scores, -1), part(2)); // [N, heads, T, size]
  return layers.linear(`${name}.out`, reshape(transpose(mixed, [0, 2, 1, 3]), [count, tokens, width]), width, SMALL);
}

export function vit(spec: VitSpec, input: NetworkInput): Result<Forward> {
  const { patch = 4, width = 192, depth = 6, heads = 3, expansion = 4 } = spec;
  if (input.height % patch !== 0 || input.width % patch !== 0) {
    return fail('NETWORK_INPUT', `A ViT with patches of ${patch} px needs images whose sides they divide`);
  }
  if (width % heads !== 0) return fail('NETWORK_SPEC', `${heads} heads do not divide a width of ${width}`);
  return ok((layers, images) => {
    const { count } = imageExtents(images);
    const maps = layers.conv('patch', images, { out: width, kernel: patch, stride: patch });
    const { height, width: columns } = imageExtents(maps);
    const patches = transpose(reshape(maps, [count, width, height * columns]), [0, 2, 1]);
    const token = broadcastTo(layers.parameter('class_token', [1, 1, width], ZERO), [count, 1, width]);
    const positions = layers.parameter('positions', [1, height * columns + 1, width], SMALL);
    let x = add(concat([token, patches], 1), positions); // [N, T, width]
    for (let block = 0; block < depth; block++) {
      const name = `block${block}`;
      x = add(x, attention(layers, `${name}.attention`, featureNorm(layers, `${name}.norm0`, x), heads));
      const hidden = layers.linear(`${name}.fc0`, featureNorm(layers, `${name}.norm1`, x), width * expansion, SMALL);
      x = add(x, layers.linear(`${name}.fc1`, activate(hidden, 'gelu'), width, SMALL));
    }
    const normed = featureNorm(layers, 'norm', x);
    const embedding = reshape(slice(normed, { starts: [0, 0, 0], sizes: [count, 1, width] }), [count, width]);
    return { embedding, logits: layers.linear('classifier', embedding, input.classes) };
  });
}
