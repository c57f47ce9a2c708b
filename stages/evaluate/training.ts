/** One SGD step of a network on a mini-batch: forward, backward and update are one program a batch size. */
import { crossEntropy } from '../../nn/losses.ts';
import { type Network, networkInputs } from '../../nn/network.ts';
import { sgd } from '../../nn/optimisers.ts';
import type { Backend } from '../../tensor/backends/backend.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import { gradient } from '../../tensor/gradient.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { programs } from '../programs.ts';

type Tensors = Readonly<Record<string, Tensor>>;

export interface Training {
  /** The optimiser's tensors before any step. */
  momentum(): Record<string, Tensor>;
  /** `tensors` holds parameters, buffers and momentum by name; what it holds besides is kept. */
  step(tensors: Tensors, images: Tensor, labels: Tensor, rate: Tensor): Promise<{ tensors: Tensors; loss: number }>;
  close(): void;
}

const optimiser = sgd({ momentum: 0.9, weightDecay: 5e-4 });

export function openTraining(backend: Backend, network: Network): Training {
  const compiled = programs(backend);
  const named = Object.fromEntries(network.parameters.map((parameter) => [parameter.name, parameter]));
  return {
    momentum: () => optimiser.init(named),
    async step(tensors, images, labels, rate) {
      const program = await compiled.get(`${images.shape[0]}`, () => trainingStep(network, images.shape[0] ?? 0));
      const { loss, ...moved } = await program.run({ ...tensors, images, labels, rate });
      return { tensors: { ...tensors, ...moved }, loss: loss?.data[0] ?? Number.NaN };
    },
    close: compiled.close,
  };
}

function trainingStep(network: Network, count: number): Record<string, Expr> {
  const { channels, height, width } = network.input;
  const values = networkInputs(network);
  const parameters = Object.fromEntries(network.parameters.map(({ name }) => [name, values[name] as Expr]));
  const pass = network.apply(input('images', [count, channels, height, width]), values, 'train');
  const loss = crossEntropy(pass.logits, input('labels', [count], 'int'));
  const slopes = gradient(loss, Object.values(parameters));
  const gradients = Object.fromEntries(Object.keys(parameters).map((name, index) => [name, slopes[index] as Expr]));
  const momentum = Object.fromEntries(
    Object.entries(parameters).map(([name, { shape }]) => [`momentum.${name}`, input(`momentum.${name}`, shape)]),
  );
  const next = optimiser.update(parameters, gradients, momentum, input('rate', []));
  return { loss, ...next.parameters, ...next.state, ...pass.buffers };
}
