/** One step of a student on a batch of labelled views: views, forward, loss, backward and update are one program. */
import { type Network, networkInputs } from '../../nn/network.ts';
import { adamW, type Optimiser, scalarInputs, sgd } from '../../nn/optimisers.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import { gradient } from '../../tensor/gradient.ts';
import type { SoftLabelFacts } from '../soft-labels/format.ts';
import { batchViews, type ViewGraph } from '../soft-labels/view.ts';
import { type SoftLoss, softLoss } from './soft-loss.ts';

export interface SoftTraining extends ViewGraph {
  readonly network: Network;
  readonly optimiser: Optimiser;
  readonly loss: SoftLoss;
  readonly facts: SoftLabelFacts;
}

export function softOptimiser(name: 'adamw' | 'sgd', weightDecay: number): Optimiser {
  return name === 'adamw' ? adamW({ weightDecay }) : sgd({ momentum: 0.9, weightDecay });
}

export function softStep(training: SoftTraining, count: number): Record<string, Expr> {
  const { network, optimiser, loss: wanted, facts } = training;
  const { channels, height, width } = network.input;
  const values = networkInputs(network);
  const parameters = Object.fromEntries(network.parameters.map(({ name }) => [name, values[name] as Expr]));
  const views = batchViews(input('images', [count, channels, height, width]), training);
  const { logits, buffers } = network.apply(views, values, 'train');
  const loss = softLoss(logits, wanted, facts);
  const slopes = gradient(loss, Object.values(parameters));
  const gradients = Object.fromEntries(Object.keys(parameters).map((name, index) => [name, slopes[index] as Expr]));
  const state = Object.fromEntries(
    Object.entries(optimiser.init(parameters)).map(([name, { shape }]) => [name, input(name, shape)]),
  );
  const next = optimiser.update(parameters, gradients, state, input('rate', []), scalarInputs(optimiser));
  return { loss, ...next.parameters, ...next.state, ...buffers };
}
