/** The steps whose operations are listed: the two largest of `bench -- steps`, and the network that lags behind them. */
import { unwrap } from '../../base/result.ts';
import { gradientDistance, parameterGradients } from '../../methods/dc.ts';
import { initialise } from '../../nn/init.ts';
import { crossEntropy } from '../../nn/losses.ts';
import { buildNetwork, type NetworkSpec, networkInputs } from '../../nn/network.ts';
import { convolutionOn } from '../../nn/winograd.ts';
import type { Backend } from '../../tensor/backends/backend.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import { gradient } from '../../tensor/gradient.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { floats, ints, type Shape, sizeOf, type Tensor } from '../../tensor/tensor.ts';

export interface Work {
  readonly name: string;
  readonly kind: 'train' | 'match';
  readonly network: NetworkSpec;
  readonly images: number;
}

export const WORKS: readonly Work[] = [
  { name: 'train W128', kind: 'train', network: { kind: 'convnet', width: 128 }, images: 256 },
  { name: 'match W128', kind: 'match', network: { kind: 'convnet', width: 128 }, images: 10 },
  { name: 'train ResNet18', kind: 'train', network: { kind: 'resnet', depth: 18, norm: 'instance' }, images: 64 },
];

const CLASSES = 10;
const random = randomStream({ base: 0 }, 'bench');

export interface Step {
  readonly outputs: Readonly<Record<string, Expr>>;
  readonly feeds: Readonly<Record<string, Tensor>>;
}

function noise(step: number, shape: Shape): Tensor {
  return floats(Float32Array.from(random.normal(step, sizeOf(shape))), shape);
}

/** Cross-entropy's gradient in every parameter; `match`: then the distance to given ones, in the images. */
export function stepOf({ kind, network: spec, images: count }: Work, backend: Pick<Backend, 'name'>): Step {
  const seen = { channels: 3, height: 32, width: 32, classes: CLASSES };
  const network = unwrap(buildNetwork(spec, seen, convolutionOn(backend)));
  const images = input('images', [count, 3, 32, 32]);
  const values = networkInputs(network);
  const loss = crossEntropy(network.apply(images, values, 'train').logits, input('labels', [count], 'int'));
  const { parameters } = network;
  const slopes = parameterGradients(
    loss,
    parameters.map(({ name }) => values[name] as Expr),
  );
  const feeds = {
    ...initialise(network, random, 0),
    images: noise(1, images.shape),
    labels: ints(Int32Array.from({ length: count }, (_, index) => index % CLASSES)),
  };
  if (kind === 'train') {
    const outputs = parameters.map(({ name }, index) => [`gradient.${name}`, slopes[index] as Expr]);
    return { outputs: Object.fromEntries(outputs), feeds };
  }
  const targets = parameters.map(({ name, shape }) => input(`target.${name}`, shape));
  const [slope] = gradient(gradientDistance(targets, slopes), [images]) as [Expr];
  const wanted = parameters.map(({ name, shape }, index) => [`target.${name}`, noise(2 + index, shape)]);
  return { outputs: { slope }, feeds: { ...feeds, ...Object.fromEntries(wanted) } };
}
