/**
 * Matching training trajectories (Cazenavette, Wang, Torralba, Efros and Zhu, CVPR 2022, "Dataset Distillation by Matching
 * Training Trajectories").
 *
 * A student starts at an expert's parameters θ*_t and takes N plain gradient steps on synthetic mini-batches b_n with a
 * learned step size α; it should arrive where the expert is M epochs later:
 *
 *   θ̂_t = θ*_t,   θ̂_{t+n+1} = θ̂_{t+n} - α ∇_θ ℓ(A(D_syn[b_n]); θ̂_{t+n})           (Algorithm 1, line 8)
 *   L = ‖ θ̂_{t+N} - θ*_{t+M} ‖² / ‖ θ*_t - θ*_{t+M} ‖²                             (equation 2)
 *
 * The gradient in D_syn and α is exact through all N steps; `nn/trajectory` takes it one step at a time.
 */
import { meanOverChunks } from '../nn/chunks.ts';
import { crossEntropy } from '../nn/losses.ts';
import { type Network, networkInputs } from '../nn/network.ts';
import { sgd } from '../nn/optimisers.ts';
import { type Named, type TrainingStep, trainingStep } from '../nn/trajectory/training-step.ts';
import { type Expr, input } from '../tensor/expr.ts';
import { add, div, softmax, square, sub, sum } from '../tensor/ops/index.ts';

/** θ by name: all trainable parameters, no buffers. */
export function parametersOf(network: Network, values: Named<Expr> = networkInputs(network)): Record<string, Expr> {
  return Object.fromEntries(network.parameters.map(({ name }) => [name, values[name] as Expr]));
}

export interface StudentOptions {
  /** Images of the mini-batch. */
  readonly count: number;
  /** Class indices; rows of probabilities, fixed or learned; or learned logits whose softmax is the label (as DATM has it). */
  readonly labels: 'hard' | 'soft' | 'learned' | 'logits';
  /** Whether each step hands out its gradients as well. */
  readonly watchGradients?: boolean;
  /** At most so many images at a time, so that memory is theirs; all at once if not given, and with batch norm. */
  readonly chunk?: number;
}

/** One step of a student: inputs `images`, `labels`, `rate` (α) and θ̂. The student is in train mode. */
export function studentStep(network: Network, options: StudentOptions): TrainingStep {
  const { count, labels, watchGradients = false } = options;
  const { channels, height, width, classes } = network.input;
  const images = input('images', [count, channels, height, width]);
  const rows = labels === 'hard' ? input('labels', [count], 'int') : input('labels', [count, classes]);
  const isLearned = labels === 'learned' || labels === 'logits';
  const rate = input('rate', []);
  const values = networkInputs(network);
  const size = network.buffers.length > 0 ? count : (options.chunk ?? count);
  const loss = meanOverChunks(count, size, ({ of }) => {
    const { logits } = network.apply(of(images), values, 'train');
    return crossEntropy(logits, labels === 'logits' ? softmax(of(rows)) : of(rows));
  });
  return trainingStep({
    loss, // ℓ
    parameters: parametersOf(network, values),
    optimiser: sgd(), // no momentum, no decay
    rate,
    learned: { images, rate, ...(isLearned && { labels: rows }) },
    ...(watchGradients && { watched: (gradients) => gradients }),
  });
}

/** Equation (2), over one vector of all parameters. */
export function trajectoryDistance(student: Named<Expr>, start: Named<Expr>, target: Named<Expr>): Expr {
  return div(squaredDistance(student, target), squaredDistance(start, target));
}

function squaredDistance(a: Named<Expr>, b: Named<Expr>): Expr {
  return Object.entries(a)
    .map(([name, value]) => sum(square(sub(value, b[name] as Expr))))
    .reduce((total, part) => add(total, part));
}

/** L with inputs θ̂, `start.θ` and `target.θ`, all by parameter name. */
export function matchingLoss(network: Network): { loss: Expr; student: Named<Expr> } {
  const student = parametersOf(network);
  const vectors = (prefix: string) =>
    Object.fromEntries(network.parameters.map(({ name, shape }) => [name, input(`${prefix}.${name}`, shape)]));
  return { loss: trajectoryDistance(student, vectors('start'), vectors('target')), student };
}

/** The part of a random stream that this needs; `tensor/random/stream.ts` gives it. */
export interface PermutationStream {
  permutation(step: number, n: number): Int32Array;
}

/**
 * b_0 … b_{N-1}: the synthetic set in random order is cut into chunks, taken from the last one on; when they are used up, it is
 * put in order anew. Where the size does not divide the set, the last chunk, taken first, is the smaller one.
 */
export function studentBatches(stream: PermutationStream, step: number, images: number, size: number, steps: number) {
  const batches: Int32Array[] = [];
  for (let order = 0; batches.length < steps; order++) {
    const permutation = stream.permutation(step * steps + order, images);
    const chunks = Math.ceil(images / size);
    for (let chunk = chunks - 1; chunk >= 0; chunk--) batches.push(permutation.slice(chunk * size, (chunk + 1) * size));
  }
  return batches.slice(0, steps);
}
