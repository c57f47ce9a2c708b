/**
 * Whole graphs as training builds them: a network's training step, and the matching of its gradients, which
 * differentiates every convolution, normalisation and pooling twice. The network and the distance are given, since they
 * live in folders above this one.
 */
import { type Expr, input } from '../../expr.ts';
import { gradient } from '../../gradient.ts';
import { floats, ints, type Shape, sizeOf, type Tensor } from '../../tensor.ts';
import type { GraphCase } from './graph-case.ts';

export interface TrainedNetwork {
  readonly name: string;
  /** Channels, rows and columns. */
  readonly image: readonly [number, number, number];
  readonly classes: number;
  readonly parameters: readonly { readonly name: string; readonly shape: Shape }[];
  /** A scalar; labels are ints [N]. */
  loss(images: Expr, labels: Expr, values: Readonly<Record<string, Expr>>): Expr;
}

export type Distance = (real: readonly Expr[], synthetic: readonly Expr[]) => Expr;

/** Deterministic numbers within ±`bound`, rounded to float32 so that every backend starts from the same ones. */
export function irregular(shape: Shape, seed: number, bound: number): Tensor {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  const data = Float32Array.from({ length: sizeOf(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * bound;
  });
  return floats(data, shape);
}

/** Weights as large as initialisations draw them; scales, shifts and biases about 0. */
function fedParameters({ parameters }: TrainedNetwork): Record<string, Tensor> {
  return Object.fromEntries(
    parameters.map(({ name, shape }, index) => {
      const bound = shape.length > 1 ? Math.sqrt(3 / sizeOf(shape.slice(1))) : 0.7;
      return [name, irregular(shape, index, bound)];
    }),
  );
}

function lossOn(network: TrainedNetwork, batch: string, images: number, values: Readonly<Record<string, Expr>>) {
  const shape = [images, ...network.image];
  const labels = ints(Array.from({ length: images }, (_, image) => image % network.classes));
  const x = input(batch, shape);
  const loss = network.loss(x, input(`${batch} labels`, [images], 'int'), values);
  return { x, loss, feeds: { [batch]: irregular(shape, batch.length * 100, 2), [`${batch} labels`]: labels } };
}

function inputsOf({ parameters }: TrainedNetwork): Record<string, Expr> {
  return Object.fromEntries(parameters.map(({ name, shape }) => [name, input(name, shape)]));
}

/** The loss, and its derivative in every parameter and in the images. */
export function trainingStep(network: TrainedNetwork, images: number): GraphCase {
  const values = inputsOf(network);
  const { x, loss, feeds } = lossOn(network, 'images', images, values);
  const wrt = { ...values, images: x };
  const slopes = gradient(loss, Object.values(wrt));
  const named = Object.keys(wrt).map((name, index) => [`slope in ${name}`, slopes[index] as Expr] as const);
  return {
    name: `training step, ${network.name}`,
    outputs: { loss, ...Object.fromEntries(named) },
    feeds: { ...fedParameters(network), ...feeds },
  };
}

/** The distance of the parameters' gradients on two batches, and its derivative in the images of one. */
export function gradientMatching(network: TrainedNetwork, images: number, distance: Distance): GraphCase {
  const values = inputsOf(network);
  const real = lossOn(network, 'real', images + 1, values);
  const made = lossOn(network, 'synthetic', images, values);
  const parameters = Object.values(values);
  const apart = distance(gradient(real.loss, parameters), gradient(made.loss, parameters));
  const [slope] = gradient(apart, [made.x]);
  return {
    name: `gradient matching, ${network.name}`,
    outputs: { 'slope distance': apart, slope: slope as Expr },
    feeds: { ...fedParameters(network), ...real.feeds, ...made.feeds },
  };
}
