/** One step on a batch as a graph: its view, SRe2L's loss, Adam with 0.5 and 0.9, and the images clipped to valid pixels. */
import { batchNormDistance, clipToPixels, type RecoverWeights, recoverTerms } from '../../methods/sre2l.ts';
import { adam } from '../../nn/optimisers.ts';
import { constant, type Expr, input } from '../../tensor/expr.ts';
import { gradient } from '../../tensor/gradient.ts';
import { floats } from '../../tensor/tensor.ts';
import type { Classifier } from '../classifier.ts';
import { seen, type ViewChanges } from './step-view.ts';

export const optimiser = adam({ betas: [0.5, 0.9] });

export interface StepSettings {
  readonly weights: RecoverWeights;
  readonly changes: ViewChanges;
  /** Of the data set, by channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

export interface StepInputs {
  readonly images: Expr;
  readonly labels: Expr;
  readonly view: Expr;
}

export function stepInputs(classifier: Classifier, settings: StepSettings, count: number, coarse: boolean): StepInputs {
  const { channels, height, width } = classifier.input;
  const images = input('images', [count, channels, height, width]);
  const labels = input('labels', [count], 'int');
  return { images, labels, view: seen(images, settings.changes, coarse) };
}

export function recoverProgram(
  classifier: Classifier,
  settings: StepSettings,
  count: number,
  coarse: boolean,
): Record<string, Expr> {
  const { images, labels, view } = stepInputs(classifier, settings, count, coarse);
  const { logits, layers } = classifier.apply(view);
  const distances = layers.flatMap(({ norm }) => (norm ? [batchNormDistance(norm.batch, norm.running)] : []));
  const parts = recoverTerms(logits, distances, view, labels, settings.weights);
  const [slope] = gradient(parts.loss, [images]) as [Expr];
  return {
    ...moved(images, slope, settings),
    loss: parts.loss,
    crossEntropy: parts.crossEntropy,
    batchNorm: parts.batchNorm,
  };
}

/** Images and optimiser after a step along `slope`. */
export function moved(images: Expr, slope: Expr, { mean, std }: StepSettings): Record<string, Expr> {
  const state = { 'first.images': input('first', images.shape), 'second.images': input('second', images.shape) };
  const scalars = { correction1: input('correction1', []), correction2: input('correction2', []) };
  const next = optimiser.update({ images }, { images: slope }, state, input('rate', []), scalars);
  const channel = (values: readonly number[]) => constant(floats(Float32Array.from(values), [values.length]));
  return {
    images: clipToPixels(next.parameters.images as Expr, channel(mean), channel(std)),
    first: next.state['first.images'] as Expr,
    second: next.state['second.images'] as Expr,
  };
}
