/** Noisy labels: transition matrices of a rate, and the empirical one of given labels. */
import {
  asymmetricCifar10,
  asymmetricWithin,
  estimatedTransition,
  jointCounts,
  overallRate,
  pairNoise,
  symmetricNoise,
  type Transition,
} from '../../../methods/label-noise.ts';
import { floats, ints, scalar, type Tensor } from '../../../tensor/tensor.ts';
import type { Evaluator } from '../evaluator.ts';

function table(rows: readonly (readonly number[])[]): Tensor {
  return floats(Float64Array.from(rows.flat()), [rows.length, rows[0]?.length ?? 0]);
}

export const labelNoise: Evaluator = async ({ params, inputs }) => {
  const rate = params.rate as number;
  const classes = params.classes as number;
  const superclasses = params.superclasses as unknown as readonly (readonly number[])[] | undefined;
  const models: Record<string, Transition> = {
    symmetric: symmetricNoise(classes, rate),
    pair: pairNoise(classes, rate),
    symmetric_inclusive: symmetricNoise(classes, rate, { inclusive: true }),
    asymmetric_cifar10: asymmetricCifar10(rate),
    ...(superclasses && { asymmetric_cifar100: asymmetricWithin(superclasses, rate) }),
  };
  const computed: Record<string, Tensor> = {};
  for (const [name, transition] of Object.entries(models)) {
    computed[name] = table(transition);
    computed[`overall.${name}`] = scalar(overallRate(transition));
  }
  const { y, y_noisy: noisy } = inputs;
  if (y && noisy) {
    const counts = jointCounts(y.data, noisy.data, classes);
    const wrong = Array.from(y.data).filter((label, index) => label !== noisy.data[index]).length;
    computed.counts = ints(counts.flat(), [classes, classes]);
    computed.estimated = table(estimatedTransition(counts));
    computed.wrong_rate = scalar(wrong / y.data.length);
  }
  return { computed };
};
