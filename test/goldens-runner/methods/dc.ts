/** DC: gradient distances, class-wise matching with image updates (DSA: on augmented images), network training. */
import {
  distancesPerTensor,
  type GradientDistance,
  gradientDistance,
  parameterGradients,
} from '../../../methods/dc.ts';
import { crossEntropy } from '../../../nn/losses.ts';
import { type Mode, type Network, networkInputs } from '../../../nn/network.ts';
import { sgd } from '../../../nn/optimisers.ts';
import { evaluationDecayEpoch } from '../../../nn/schedules.ts';
import type { Backend } from '../../../tensor/backends/backend.ts';
import { constant, type Expr, input } from '../../../tensor/expr.ts';
import { gradient } from '../../../tensor/gradient.ts';
import { add, reshape, slice, sliceAlong, stack } from '../../../tensor/ops/index.ts';
import { floats, ints, scalar, type Tensor } from '../../../tensor/tensor.ts';
import type { GoldenCase } from '../case.ts';
import { type Evaluated, type Evaluator, runOnce } from '../evaluator.ts';
import { networkOf } from '../network-case.ts';
import { siameseView } from '../siamese-draws.ts';

export const dc: Evaluator = async (golden, backend) => {
  if (golden.params.tensor_order) return distances(golden, backend);
  if (golden.params.outer_steps) return classwise(golden, backend);
  if (golden.params.epoch_eval_train) return networkTraining(golden, backend);
  return { unsupported: 'neither distances, nor outer steps, nor network training' };
};

async function distances({ params, inputs }: GoldenCase, backend: Backend): Promise<Evaluated> {
  const names = params.tensor_order as readonly string[];
  const side = (prefix: string) =>
    names.map((name) => input(`${prefix}.${name}`, (inputs[`${prefix}.${name}`] as Tensor).shape));
  const [real, synthetic] = [side('real'), side('syn')];
  const epsilon = params.eps as number | undefined;
  const loss = gradientDistance(real, synthetic, params.dis_metric as GradientDistance, epsilon);
  const outputs: Record<string, Expr> = { loss, per_tensor: stack(distancesPerTensor(real, synthetic, epsilon), 0) };
  for (const [index, grad] of gradient(loss, synthetic).entries()) outputs[`grad.syn.${names[index]}`] = grad;
  return { computed: await runOnce(backend, outputs, inputs) };
}

async function classwise(golden: GoldenCase, backend: Backend): Promise<Evaluated> {
  const { params, source, inputs } = golden;
  const start = inputs.syn as Tensor;
  const network = networkOf(params, source, start.shape, params.classes as number);
  if (!network.ok) return { unsupported: network.error.message };

  const computed: Record<string, Tensor> = {};
  let state: Record<string, Tensor> = {
    syn: start,
    momentum: floats(new Float32Array(start.data.length), start.shape),
  };
  let buffers = Object.fromEntries(network.value.buffers.map(({ name }) => [name, inputs[name] as Tensor]));
  for (let step = 0; step < (params.outer_steps as number); step++) {
    if (network.value.buffers.length > 0) {
      // Batch norm: one pass over real images of all classes moves the statistics, which then stay fixed.
      buffers = await movedBuffers(network.value, golden, { ...inputs, ...buffers }, backend);
      if (step === 0) for (const [name, value] of Object.entries(buffers)) computed[`frozen.${name}`] = value;
    }
    const graph = outerStep(golden, network.value, step);
    const results = await runOnce(backend, graph, { ...inputs, ...buffers, ...state });
    computed[`step${step}.loss`] = results.loss as Tensor;
    computed[`step${step}.loss_per_class`] = results.perClass as Tensor;
    computed[`step${step}.grad.syn`] = results.grad as Tensor;
    computed[`step${step}.syn_after`] = results.syn as Tensor;
    state = { syn: results.syn as Tensor, momentum: results.momentum as Tensor };
  }
  return { computed };
}

async function movedBuffers(
  network: Network,
  { params, inputs }: GoldenCase,
  feeds: Readonly<Record<string, Tensor>>,
  backend: Backend,
): Promise<Record<string, Tensor>> {
  const real = inputs.real as Tensor;
  const [classes = 1, given = 1, ...image] = real.shape;
  // The first so many of each class where the case says a number; in words, all that are given.
  const perClass = typeof params.bn_images_per_class === 'number' ? params.bn_images_per_class : given;
  const few = sliceAlong(input('real', real.shape), 1, 0, perClass);
  const images = reshape(few, [classes * perClass, ...image]);
  return runOnce(backend, network.apply(images, networkInputs(network), 'train').buffers, feeds);
}

function outerStep({ params, inputs }: GoldenCase, network: Network, step: number): Record<string, Expr> {
  const classes = params.classes as number;
  const imagesPerClass = params.ipc as number;
  const real = inputs.real as Tensor;
  const [, perClass = 1, ...image] = real.shape;
  const values = networkInputs(network);
  const parameters = network.parameters.map(({ name }) => values[name] as Expr);
  const mode: Mode = network.buffers.length > 0 ? 'eval' : 'train';
  const synthetic = input('syn', (inputs.syn as Tensor).shape);
  const allReal = input('real', real.shape);

  const augmented = siameseView(params, step);
  const gradientsOf = (images: Expr, label: number): readonly Expr[] => {
    const labels = constant(ints(new Int32Array(images.shape[0] ?? 1).fill(label)));
    const { logits } = network.apply(augmented(images, label), values, mode);
    return parameterGradients(crossEntropy(logits, labels), parameters);
  };
  const perClassLoss = Array.from({ length: classes }, (_, label) => {
    const none = image.map(() => 0);
    const ofReal = slice(allReal, { starts: [label, 0, ...none], sizes: [1, perClass, ...image] });
    const mine = slice(synthetic, { starts: [label * imagesPerClass, ...none], sizes: [imagesPerClass, ...image] });
    const target = gradientsOf(reshape(ofReal, [perClass, ...image]), label);
    return gradientDistance(target, gradientsOf(mine, label), params.dis_metric as GradientDistance);
  });
  const loss = perClassLoss.reduce((total, part) => add(total, part));
  const [grad] = gradient(loss, [synthetic]) as [Expr];
  const velocity = input('momentum', synthetic.shape);
  const next = sgd({ momentum: params.momentum_img as number }).update(
    { syn: synthetic },
    { syn: grad },
    { 'momentum.syn': velocity },
    constant(params.lr_img as number),
  );
  const { syn } = next.parameters;
  return {
    loss,
    perClass: stack(perClassLoss, 0),
    grad,
    syn: syn as Expr,
    momentum: next.state['momentum.syn'] as Expr,
  };
}

/** Plain SGD for some steps; then, from the same start, the evaluation protocol with its drop of the rate. */
async function networkTraining({ params, source, inputs }: GoldenCase, backend: Backend): Promise<Evaluated> {
  const x = inputs.x as Tensor;
  const y = inputs.y as Tensor;
  const classes = (params.classes ?? lastOf(inputs).shape[0]) as number;
  const network = networkOf(params, source, x.shape, classes);
  if (!network.ok) return { unsupported: network.error.message };
  const names = network.value.parameters.map(({ name }) => name);
  const values = networkInputs(network.value);
  const start = Object.fromEntries(names.map((name) => [name, inputs[name] as Tensor]));
  const buffersAtStart = Object.fromEntries(network.value.buffers.map(({ name }) => [name, inputs[name] as Tensor]));

  const training = (momentum: number, weightDecay: number) => {
    const optimiser = sgd({ momentum, weightDecay });
    const { logits, buffers } = network.value.apply(input('x', x.shape), values, 'train');
    const loss = crossEntropy(logits, input('y', y.shape, y.dtype));
    const gradients = gradient(
      loss,
      names.map((name) => values[name] as Expr),
    );
    const state = optimiser.init(start);
    const slots = Object.fromEntries(Object.entries(state).map(([name, { shape }]) => [name, input(name, shape)]));
    const byName = Object.fromEntries(names.map((name, index) => [name, gradients[index] as Expr]));
    const trained = Object.fromEntries(names.map((name) => [name, values[name] as Expr]));
    const next = optimiser.update(trained, byName, slots, input('rate', []));
    return { state, outputs: { loss, logits, ...next.parameters, ...next.state, ...buffers } };
  };
  const picked = (results: Record<string, Tensor>, wanted: readonly string[]) =>
    Object.fromEntries(wanted.map((name) => [name, results[name] as Tensor]));
  const bufferNames = Object.keys(buffersAtStart);

  const computed: Record<string, Tensor> = {};
  const inner = training(0, 0);
  let parameters = start;
  let buffers = buffersAtStart;
  for (let step = 0; step < (params.steps as number); step++) {
    const feeds = { x, y, ...parameters, ...buffers, rate: scalar(params.lr_net as number) };
    const results = await runOnce(backend, inner.outputs, feeds);
    [parameters, buffers] = [picked(results, names), picked(results, bufferNames)];
    computed[`step${step}.loss`] = results.loss as Tensor;
    computed[`step${step}.accuracy`] = accuracy(results.logits as Tensor, y);
    for (const name of names) computed[`step${step}.after.${name}`] = parameters[name] as Tensor;
  }

  const evaluation = training(params.eval_momentum as number, params.eval_weight_decay as number);
  const epochs = params.epoch_eval_train as number;
  let state = evaluation.state;
  [parameters, buffers] = [start, buffersAtStart];
  for (let epoch = 0; epoch <= epochs; epoch++) {
    const dropped = epoch >= evaluationDecayEpoch(epochs);
    if (epoch === evaluationDecayEpoch(epochs)) state = evaluation.state;
    const rate = scalar((params.eval_lr as number) * (dropped ? 0.1 : 1));
    const results = await runOnce(backend, evaluation.outputs, { x, y, ...parameters, ...buffers, ...state, rate });
    [parameters, buffers] = [picked(results, names), picked(results, bufferNames)];
    state = picked(results, Object.keys(state));
    computed['eval.train_accuracy_last_epoch'] = accuracy(results.logits as Tensor, y);
  }
  for (const name of names) computed[`eval.after.${name}`] = parameters[name] as Tensor;
  const { logits } = network.value.apply(input('x', x.shape), values, 'eval');
  const final = await runOnce(backend, { logits }, { x, ...parameters, ...buffers });
  return { computed: { ...computed, 'eval.logits': final.logits as Tensor } };
}

/** The last bias: one value a class. */
function lastOf(inputs: Readonly<Record<string, Tensor>>): Tensor {
  return Object.entries(inputs).findLast(([name]) => name.endsWith('.bias'))?.[1] as Tensor;
}

/** `labels` are class indices or rows of probabilities. */
function accuracy(logits: Tensor, labels: Tensor): Tensor {
  const [count = 1, classes = 1] = logits.shape;
  const largest = ({ data }: Tensor, row: number) => {
    const values = [...data.subarray(row * classes, (row + 1) * classes)];
    return values.indexOf(Math.max(...values));
  };
  let right = 0;
  for (let row = 0; row < count; row++) {
    const wanted = labels.dtype === 'int' ? labels.data[row] : largest(labels, row);
    if (largest(logits, row) === wanted) right++;
  }
  return scalar(right / count);
}
