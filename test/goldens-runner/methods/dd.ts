/** DD: a trajectory with a step size for each step, its loss on real data and the exact gradients. */
import {
  attackedLabels,
  classificationLoss,
  courseOfSteps,
  innerStep,
  rawGradient,
  stepSizes,
} from '../../../methods/dd.ts';
import { FinalLoss } from '../../../nn/trajectory/final-loss.ts';
import { Unroll } from '../../../nn/trajectory/unroll.ts';
import { input } from '../../../tensor/expr.ts';
import { floats, sizeOf, type Tensor } from '../../../tensor/tensor.ts';
import { describedNetwork } from '../described-network.ts';
import type { Evaluator } from '../evaluator.ts';
import { flattened, parameterList, stacked, unflattened } from '../flat-parameters.ts';

export const dd: Evaluator = async ({ params, inputs }, backend) => {
  const list = parameterList(params);
  const network = describedNetwork(params.net as string, list);
  if (!network.ok) return { unsupported: network.error.message };
  const { classify, parameters } = network.value;
  const raw = inputs.raw_lr as Tensor;
  const real = inputs.x_real as Tensor;
  const batches = Array.from({ length: params.distill_steps as number }, (_, s) => inputs[`x${s}`] as Tensor);
  const shape = (batches[0] as Tensor).shape;

  const unroll = new Unroll(backend, { step: () => innerStep(classify, parameters, shape) });
  const sizes = stepSizes(raw);
  const order = params.batch_of_step as readonly number[] | undefined;
  const steps = courseOfSteps(batches.length, params.distill_epochs as number, inputs.labels as Tensor, order);
  const trajectory = await unroll.forward({
    start: unflattened(inputs.w0 as Tensor, list),
    arrays: { images: { ...stacked(batches), shape: [batches.length, ...shape] }, rate: sizes },
    steps,
  });

  const given = inputs.y_real as Tensor;
  const attacked = params.attack_class as number | undefined;
  const labels = attacked === undefined ? given : attackedLabels(given, attacked, params.target_class as number);
  const logits = classify(input('real', real.shape), parameters);
  const objective = classificationLoss(logits, input('real.labels', labels.shape, 'int'));
  const loss = await FinalLoss.compile(backend, objective, parameters);
  const { loss: value, cotangents } = await loss.at({ ...trajectory.final, real, 'real.labels': labels });
  const { learned } = await unroll.backward(trajectory, cotangents);
  await unroll.dispose();
  loss.dispose();

  const images = learned.images as Tensor;
  const size = sizeOf(shape);
  const slopes = batches.map((_, s) => [`grad.x${s}`, floats(images.data.slice(s * size, (s + 1) * size), shape)]);
  return {
    computed: {
      loss: value,
      'grad.raw_lr': rawGradient(learned.rate as Tensor, raw),
      lr_steps: { ...sizes, shape: [sizes.data.length] },
      params_final: flattened(trajectory.final, list),
      ...Object.fromEntries(slopes),
    },
  };
};
