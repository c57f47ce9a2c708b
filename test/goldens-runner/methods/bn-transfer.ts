/** BN transfer: rebuilt statistics, the statistics loss of the synthetic images, and the total with the trajectory's. */
import { batchStatistics, movedStatistics, statisticsLoss } from '../../../methods/bn-transfer.ts';
import { networkInputs } from '../../../nn/network.ts';
import { constant, type Expr, input } from '../../../tensor/expr.ts';
import { gradient } from '../../../tensor/gradient.ts';
import { add, mul, stack } from '../../../tensor/ops/index.ts';
import { floats, type Tensor } from '../../../tensor/tensor.ts';
import { type Evaluator, runOnce } from '../evaluator.ts';
import { parameterList, unflattened } from '../flat-parameters.ts';
import { studentOf } from './student-course.ts';

export const bnTransfer: Evaluator = async (golden, backend) => {
  const { params, inputs } = golden;
  const student = await studentOf(golden, backend, { labels: 'hard' });
  if (typeof student === 'string') return { unsupported: student };
  const { network, unroll, course, loss, lossFeeds } = student;
  const target = unflattened(inputs.theta_target as Tensor, parameterList(params));
  const values = networkInputs(network);

  const batches = Object.keys(inputs).filter((name) => /^real\d+$/.test(name));
  let moving = Object.fromEntries(
    network.buffers.map(({ name, shape, value }) => [name, floats(new Float32Array(shape[0] ?? 0).fill(value), shape)]),
  );
  const found: Record<string, Tensor>[] = [];
  for (const name of batches) {
    const images = input(name, (inputs[name] as Tensor).shape);
    const feeds = { ...inputs, ...target, ...moving };
    found.push(await runOnce(backend, batchStatistics(network, values, images), feeds));
    moving = await runOnce(backend, movedStatistics(network, values, images), feeds);
  }
  const average = Object.fromEntries(
    Object.keys(moving).map((name) => {
      const parts = found.map((statistics) => constant(statistics[name] as Tensor));
      return [
        name,
        mul(
          parts.reduce((total, part) => add(total, part)),
          1 / parts.length,
        ),
      ];
    }),
  );
  const cumulative = await runOnce(backend, average, {});

  const syn = input('syn', (inputs.syn as Tensor).shape);
  const first = { firstLayer: (params.first_bn_multiplier ?? 1) as number };
  const plain = statisticsLoss(network, values, syn, first);
  const squared = statisticsLoss(network, values, syn, { ...first, squaredMean: true });
  const statistics = await runOnce(
    backend,
    {
      loss_bn: plain.loss,
      loss_bn_squared_mean: squared.loss,
      bn_per_layer: stack(plain.layers, 0),
      'grad.bn': gradient(plain.loss, [syn])[0] as Expr,
      'grad.bn_squared_mean': gradient(squared.loss, [syn])[0] as Expr,
    },
    { ...inputs, ...target, ...cumulative },
  );

  const trajectory = await unroll.forward(course);
  const matched = await loss.at({ ...trajectory.final, ...lossFeeds });
  const { learned } = await unroll.backward(trajectory, matched.cotangents);
  await unroll.dispose();
  loss.dispose();
  const weight = params.r_bn as number;
  const total = (mtt: Tensor, bn: Tensor) => add(constant(mtt), mul(constant(bn), weight));
  const totals = await runOnce(
    backend,
    {
      loss_total: total(matched.loss, statistics.loss_bn as Tensor),
      'grad.total': total(learned.images as Tensor, statistics['grad.bn'] as Tensor),
    },
    {},
  );
  const named = (prefix: string, tensors: Readonly<Record<string, Tensor>>) =>
    Object.fromEntries(Object.entries(tensors).map(([name, value]) => [`${prefix}.${name}`, value]));
  return {
    computed: {
      ...named('ema', moving),
      ...named('cumulative', cumulative),
      ...statistics,
      ...totals,
      loss_mtt: matched.loss,
      'grad.lr': { ...(learned.rate as Tensor), shape: (inputs.lr as Tensor).shape },
    },
  };
};
