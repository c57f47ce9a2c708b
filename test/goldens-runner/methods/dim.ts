/** DiM: matching by logits and by gradients, the gradient penalty with the gradients of the critic's parameters. */
import {
  GRADIENT_METRICS,
  type GradientMetric,
  gradientMatching,
  gradientPenalty,
  interpolated,
  logitMatching,
} from '../../../methods/dim.ts';
import { crossEntropy } from '../../../nn/losses.ts';
import { networkInputs } from '../../../nn/network.ts';
import { type Expr, input } from '../../../tensor/expr.ts';
import { gradient } from '../../../tensor/gradient.ts';
import { sliceAlong, squeeze } from '../../../tensor/ops/index.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { type Evaluator, runOnce } from '../evaluator.ts';
import { networkOf } from '../network-case.ts';

export const dim: Evaluator = async ({ params, inputs, source }, backend) => {
  const shape = (inputs.syn as Tensor).shape;
  const classes = (params.classes ?? inputs['classifier.bias']?.shape[0]) as number;
  const network = networkOf(params, source, shape, classes);
  if (!network.ok) return { unsupported: network.error.message };
  const metric = (params.grad_metric ?? 'l1') as GradientMetric;
  if (!GRADIENT_METRICS.includes(metric)) return { unsupported: `grad_metric ${JSON.stringify(metric)}` };
  const values = networkInputs(network.value);
  const names = network.value.parameters.map(({ name }) => name);
  const parameters = names.map((name) => values[name] as Expr);
  const [real, syn] = [input('real', shape), input('syn', shape)];
  const labels = input('y', (inputs.y as Tensor).shape, 'int');
  const logits = (images: Expr) => network.value.apply(images, values, 'train').logits;

  const byLogits = logitMatching(logits(real), logits(syn));
  const gradientsOn = (images: Expr) => gradient(crossEntropy(logits(images), labels), parameters);
  const byGradients = gradientMatching(gradientsOn(real), gradientsOn(syn), metric);
  const between = interpolated(real, syn, input('alpha', (inputs.alpha as Tensor).shape));
  const penalty = gradientPenalty((images) => squeeze(sliceAlong(logits(images), 1, 0, 1), [1]), between);
  const outputs: Record<string, Expr> = {
    'logit.loss': byLogits,
    'logit.grad.syn': gradient(byLogits, [syn])[0] as Expr,
    'grad.loss': byGradients,
    'grad.grad.syn': gradient(byGradients, [syn])[0] as Expr,
    penalty,
  };
  for (const [index, grad] of gradient(penalty, parameters).entries()) outputs[`penalty.grad.${names[index]}`] = grad;
  return { computed: await runOnce(backend, outputs, inputs) };
};
