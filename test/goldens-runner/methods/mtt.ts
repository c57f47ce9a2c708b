/** MTT: a student's trajectory, its distance to the target and the exact gradients in images and step size. */
import type { Tensor } from '../../../tensor/tensor.ts';
import type { Evaluator } from '../evaluator.ts';
import { flattened, parameterList, stacked } from '../flat-parameters.ts';
import { studentOf } from './student-course.ts';

export const mtt: Evaluator = async (golden, backend) => {
  const labels = (golden.inputs.y as Tensor).dtype === 'int' ? 'hard' : 'learned';
  const student = await studentOf(golden, backend, { labels });
  if (typeof student === 'string') return { unsupported: student };
  const { unroll, course, loss, lossFeeds } = student;
  const trajectory = await unroll.forward(course);
  const { loss: value, cotangents } = await loss.at({ ...trajectory.final, ...lossFeeds });
  const { learned } = await unroll.backward(trajectory, cotangents);
  await unroll.dispose();
  loss.dispose();
  const list = parameterList(golden.params);
  return {
    computed: {
      loss: value,
      'grad.syn': learned.images as Tensor,
      'grad.lr': { ...(learned.rate as Tensor), shape: (golden.inputs.lr as Tensor).shape },
      ...(learned.labels && { 'grad.label': learned.labels }),
      params_per_step: stacked(trajectory.states.map((state) => flattened(state, list))),
    },
  };
};
