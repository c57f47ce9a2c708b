/**
 * One SGD step of a network on a mini-batch: forward, backward and update are one program a batch size. The batch's loss
 * is written as a sum over chunks, so that a chunk's maps stay in the processor's cache; batch norm needs it whole.
 */
import { crossEntropy } from '../../nn/losses.ts';
import { type Network, networkInputs } from '../../nn/network.ts';
import { sgd } from '../../nn/optimisers.ts';
import type { Backend } from '../../tensor/backends/backend.ts';
import { constant, type Expr, input } from '../../tensor/expr.ts';
import { gradient } from '../../tensor/gradient.ts';
import { add, mul, slice } from '../../tensor/ops/index.ts';
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

/** Of a batch of 100 at 28 px, chunks of 25 took a quarter less time than the whole at width 16, a tenth less at width 32. */
const CHUNK = 25;

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

export function trainingStep(network: Network, count: number, chunk = CHUNK): Record<string, Expr> {
  const values = networkInputs(network);
  const parameters = Object.fromEntries(network.parameters.map(({ name }) => [name, values[name] as Expr]));
  const { loss, buffers } =
    network.buffers.length > 0 ? wholeLoss(network, values, count) : chunkedLoss(network, values, count, chunk);
  const slopes = gradient(loss, Object.values(parameters));
  const gradients = Object.fromEntries(Object.keys(parameters).map((name, index) => [name, slopes[index] as Expr]));
  const momentum = Object.fromEntries(
    Object.entries(parameters).map(([name, { shape }]) => [`momentum.${name}`, input(`momentum.${name}`, shape)]),
  );
  const next = optimiser.update(parameters, gradients, momentum, input('rate', []));
  return { loss, ...next.parameters, ...next.state, ...buffers };
}

function wholeLoss(network: Network, values: Readonly<Record<string, Expr>>, count: number) {
  const { images, labels } = batchInputs(network, count);
  const { logits, buffers } = network.apply(images, values, 'train');
  return { loss: crossEntropy(logits, labels), buffers };
}

/** Chunks as equal as they can be, each weighted by its share of the batch. */
function chunkedLoss(network: Network, values: Readonly<Record<string, Expr>>, count: number, chunk: number) {
  const { images, labels } = batchInputs(network, count);
  const [, ...image] = images.shape;
  const size = Math.ceil(count / Math.ceil(count / chunk));
  let loss: Expr = constant(0);
  for (let start = 0; start < count; start += size) {
    const length = Math.min(size, count - start);
    const part = slice(images, { starts: [start, 0, 0, 0], sizes: [length, ...image] });
    const { logits } = network.apply(part, values, 'train');
    const share = crossEntropy(logits, slice(labels, { starts: [start], sizes: [length] }));
    loss = add(loss, mul(share, length / count));
  }
  return { loss, buffers: {} };
}

function batchInputs({ input: { channels, height, width } }: Network, count: number) {
  return { images: input('images', [count, channels, height, width]), labels: input('labels', [count], 'int') };
}
