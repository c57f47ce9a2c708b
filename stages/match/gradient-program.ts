/**
 * Gradient matching of one class as one program: both sides are augmented by one draw, both gradients are taken at the same
 * network, and their distance is differentiated in the synthetic images. The real side leaves only its gradient, so its
 * batch goes through in chunks whose maps stay in the processor's cache.
 */
import type { GradientDistance } from '../../methods/dc.ts';
import { siameseMatchingLoss } from '../../methods/dsa.ts';
import type { Token } from '../../nn/augment/dsa.ts';
import { meanOverChunks } from '../../nn/chunks.ts';
import { crossEntropy } from '../../nn/losses.ts';
import type { Network } from '../../nn/network.ts';
import { constant, type Expr, input } from '../../tensor/expr.ts';
import { gradient } from '../../tensor/gradient.ts';
import { oneHot } from '../../tensor/ops/index.ts';
import { floats, sizeOf } from '../../tensor/tensor.ts';

export interface ClassProgram {
  readonly network: Network;
  readonly distance: GradientDistance;
  readonly batchReal: number;
  readonly imagesPerClass: number;
  readonly token: Token | undefined;
  /** Whether the network is as it was initialised: what starts at a constant is folded away. */
  readonly fresh: boolean;
}

/** Real images that go through the network at a time. */
const CHUNK = 16;

/** Inputs `real`, `images`, `label` (int [1]), the token's parameters and the network; outputs `loss` and `slope`. */
export function classProgram({
  network,
  distance,
  batchReal,
  imagesPerClass,
  token,
  fresh,
}: ClassProgram): Record<string, Expr> {
  const { channels, height, width } = network.input;
  const values = valuesOf(network, fresh);
  // Tensors of one axis count nothing in `ours`; their gradients need not be taken.
  const compared = network.parameters.filter(({ shape }) => distance !== 'ours' || shape.length > 1);
  const parameters = compared.map(({ name }) => values[name] as Expr);
  const wanted = oneHot(input('label', [1], 'int'), network.input.classes);
  // Statistics of batch norm were frozen before; no other layer tells the modes apart.
  const lossOf = (images: Expr): Expr => crossEntropy(network.apply(images, values, 'eval').logits, wanted);

  const real = input('real', [batchReal, channels, height, width]);
  const synthetic = input('images', [imagesPerClass, channels, height, width]);
  const realLossOf = (images: Expr): Expr => meanOverChunks(batchReal, CHUNK, ({ of }) => lossOf(of(images)));
  const loss = siameseMatchingLoss({ real, synthetic, lossOf, realLossOf, parameters, token, distance });
  const [slope] = gradient(loss, [synthetic]) as [Expr];
  return { loss, slope };
}

/** Parameters as inputs, or as constants where a fresh network has one; buffers as inputs. */
function valuesOf(network: Network, fresh: boolean): Record<string, Expr> {
  const values: Record<string, Expr> = {};
  for (const { name, shape, init } of network.parameters)
    values[name] =
      fresh && init.kind === 'constant'
        ? constant(floats(new Float32Array(sizeOf(shape)).fill(init.value), shape))
        : input(name, shape);
  for (const { name, shape } of network.buffers) values[name] = input(name, shape);
  return values;
}
