/** One step of a student on a batch of labelled views: views, forward, loss, backward and update are one program. */
import { type Network, type NetworkPass, networkInputs } from '../../nn/network.ts';
import { adamW, type Optimiser, scalarInputs, sgd } from '../../nn/optimisers.ts';
import { rewritten } from '../../nn/trajectory/substitute.ts';
import { winogradForm } from '../../nn/winograd.ts';
import type { Backend } from '../../tensor/backends/backend.ts';
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
  readonly backend: Pick<Backend, 'name'>;
}

/** The filters' gradient goes through the transforms as well, and lays no windows out; with fewer channels it spares nothing. */
const MANY_CHANNELS = 128;

/** On the other backends, which have algorithms of their own, as it is. */
function withFewerProducts(
  { logits, buffers }: Pick<NetworkPass, 'logits' | 'buffers'>,
  backend: Pick<Backend, 'name'>,
) {
  if (backend.name !== 'onnxruntime') return { logits, buffers };
  const names = Object.keys(buffers);
  const [made = logits, ...moved] = rewritten(
    [logits, ...Object.values(buffers)],
    (node) => winogradForm(node, MANY_CHANNELS) ?? node,
  );
  return { logits: made, buffers: Object.fromEntries(names.map((name, index) => [name, moved[index] as Expr])) };
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
  const { logits, buffers } = withFewerProducts(network.apply(views, values, 'train'), training.backend);
  const loss = softLoss(logits, wanted, facts);
  const slopes = gradient(loss, Object.values(parameters));
  const gradients = Object.fromEntries(Object.keys(parameters).map((name, index) => [name, slopes[index] as Expr]));
  const state = Object.fromEntries(
    Object.entries(optimiser.init(parameters)).map(([name, { shape }]) => [name, input(name, shape)]),
  );
  const next = optimiser.update(parameters, gradients, state, input('rate', []), scalarInputs(optimiser));
  return { loss, ...next.parameters, ...next.state, ...buffers };
}
