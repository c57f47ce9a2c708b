/** DM: the loss of class means, its gradient in the synthetic images, SGD updates on the same real images. */
import { classMeans, distanceToMeans } from '../../../methods/dm.ts';
import { networkInputs } from '../../../nn/network.ts';
import { sgd } from '../../../nn/optimisers.ts';
import { constant, type Expr, input } from '../../../tensor/expr.ts';
import { gradient } from '../../../tensor/gradient.ts';
import { concat, reshape, sliceAlong } from '../../../tensor/ops/index.ts';
import { floats, type Tensor } from '../../../tensor/tensor.ts';
import { type Evaluator, runOnce } from '../evaluator.ts';
import { networkOf } from '../network-case.ts';
import { siameseView } from '../siamese-draws.ts';

export const dm: Evaluator = async ({ params, source, inputs, outputs: wanted }, backend) => {
  if (params.dsa === true && !params.draws) return { unsupported: 'augmentation without given draws' };
  const real = inputs.real as Tensor;
  const start = inputs.syn as Tensor;
  const classes = params.classes as number;
  const network = networkOf(params, source, start.shape, classes);
  if (!network.ok) return { unsupported: network.error.message };

  const values = networkInputs(network.value);
  const embed = (images: Expr): Expr => {
    const { embedding } = network.value.apply(images, values, 'train');
    if (!embedding) throw new Error('Internal error: expected a network with an embedding');
    return embedding;
  };
  const [, perClass = 0, ...image] = real.shape;
  const optimiser = sgd({ momentum: params.momentum as number });

  const stepGraph = (step: number): Record<string, Expr> => {
    const view = siameseView(params, step);
    const seen = (images: Expr) => {
      const each = (images.shape[0] ?? 0) / classes;
      const parts = Array.from({ length: classes }, (_, label) =>
        view(sliceAlong(images, 0, label * each, each), label),
      );
      return params.draws ? concat(parts, 0) : images;
    };
    const means = classMeans(embed, seen(reshape(input('real', real.shape), [classes * perClass, ...image])), classes);
    const synthetic = input('syn', start.shape);
    const loss = distanceToMeans((images) => embed(seen(images)), synthetic, means);
    const [grad] = gradient(loss, [synthetic]) as [Expr];
    const velocity = input('momentum.syn', start.shape);
    const next = optimiser.update(
      { syn: synthetic },
      { syn: grad },
      { 'momentum.syn': velocity },
      constant(params.lr_img as number),
    );
    return { loss, grad, means, syn: next.parameters.syn as Expr, velocity: next.state['momentum.syn'] ?? velocity };
  };

  const computed: Record<string, Tensor> = {};
  let syn = start;
  let momentum = floats(new Float32Array(start.data.length), start.shape);
  const steps = Object.keys(wanted).filter((name) => /^step\d+\.loss$/.test(name)).length;
  for (let step = 0; step < steps; step++) {
    const results = await runOnce(backend, stepGraph(step), { ...inputs, syn, 'momentum.syn': momentum });
    computed[`step${step}.loss`] = results.loss as Tensor;
    computed[`step${step}.grad.syn`] = results.grad as Tensor;
    computed.real_mean_embedding ??= results.means as Tensor;
    syn = results.syn as Tensor;
    momentum = results.velocity as Tensor;
  }
  return { computed: { ...computed, syn_after: syn } };
};
