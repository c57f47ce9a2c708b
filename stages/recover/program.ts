/** One step on a batch as a graph: its view, SRe2L's loss, Adam with 0.5 and 0.9, and the images clipped to valid pixels. */
import { clipToPixels, type RecoverWeights, recoverLoss } from '../../methods/sre2l.ts';
import { viewOf } from '../../nn/augment/view.ts';
import { type Network, networkInputs } from '../../nn/network.ts';
import { adam } from '../../nn/optimisers.ts';
import { constant, type Expr, input } from '../../tensor/expr.ts';
import { gradient } from '../../tensor/gradient.ts';
import { floats } from '../../tensor/tensor.ts';

export const optimiser = adam({ betas: [0.5, 0.9] });

export interface RecoverProgram {
  readonly network: Network;
  readonly weights: RecoverWeights;
  readonly crop: boolean;
  readonly flip: boolean;
  readonly jitter: number;
  /** Of the data set, by channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

export function recoverProgram(settings: RecoverProgram, count: number): Record<string, Expr> {
  const { network, weights, mean, std } = settings;
  const { channels, height, width } = network.input;
  const images = input('images', [count, channels, height, width]);
  const labels = input('labels', [count], 'int');
  const parts = recoverLoss(network, networkInputs(network), viewOf(images, viewInputs(settings)), labels, weights);
  const [slope] = gradient(parts.loss, [images]) as [Expr];

  const state = { 'first.images': input('first', images.shape), 'second.images': input('second', images.shape) };
  const scalars = { correction1: input('correction1', []), correction2: input('correction2', []) };
  const next = optimiser.update({ images }, { images: slope }, state, input('rate', []), scalars);
  const channel = (values: readonly number[]) => constant(floats(Float32Array.from(values), [channels]));
  return {
    images: clipToPixels(next.parameters.images as Expr, channel(mean), channel(std)),
    first: next.state['first.images'] as Expr,
    second: next.state['second.images'] as Expr,
    loss: parts.loss,
    crossEntropy: parts.crossEntropy,
    batchNorm: parts.batchNorm,
  };
}

function viewInputs({ crop, flip, jitter }: RecoverProgram) {
  const one = (name: string) => input(name, [1]);
  return {
    ...(crop && { crop: { top: one('top'), left: one('left'), height: one('tall'), width: one('wide') } }),
    ...(flip && { mirrored: one('mirrored') }),
    ...(jitter > 0 && { roll: { rows: one('down'), columns: one('across') } }),
  };
}
