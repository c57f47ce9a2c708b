/** DM: the loss of class means, its gradient in the synthetic images, two SGD updates on the same real images. */
import { classMeans, distanceToMeans } from '../../../methods/dm.ts';
import { networkInputs } from '../../../nn/network.ts';
import { sgd } from '../../../nn/optimisers.ts';
import { constant, type Expr, input } from '../../../tensor/expr.ts';
import { gradient } from '../../../tensor/gradient.ts';
import { reshape } from '../../../tensor/ops/index.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { type Evaluator, runOnce } from '../evaluator.ts';
import { networkOf } from '../network-case.ts';

export const dm: Evaluator = async ({ params, source, inputs }, backend) => {
  if (params.dsa === true) return { unsupported: 'dsa: true' };
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
  const means = classMeans(embed, reshape(input('real', real.shape), [classes * perClass, ...image]), classes);
  const synthetic = input('syn', start.shape);
  const loss = distanceToMeans(embed, synthetic, means);
  const [grad] = gradient(loss, [synthetic]) as [Expr];
  const optimiser = sgd({ momentum: params.momentum as number });
  const velocity = input('momentum.syn', start.shape);
  const next = optimiser.update(
    { syn: synthetic },
    { syn: grad },
    { 'momentum.syn': velocity },
    constant(params.lr_img as number),
  );
  const outputs = { loss, grad, means, syn: next.parameters.syn as Expr, velocity: next.state['momentum.syn'] as Expr };

  const computed: Record<string, Tensor> = {};
  let syn = start;
  let momentum = optimiser.init({ syn: start })['momentum.syn'] as Tensor;
  for (let step = 0; step < 2; step++) {
    const results = await runOnce(backend, outputs, { ...inputs, syn, 'momentum.syn': momentum });
    computed[`step${step}.loss`] = results.loss as Tensor;
    computed[`step${step}.grad.syn`] = results.grad as Tensor;
    computed.real_mean_embedding = results.means as Tensor;
    syn = results.syn as Tensor;
    momentum = results.velocity as Tensor;
  }
  return { computed: { ...computed, syn_after: syn } };
};
