/** TESLA: the two-pass gradient and the exact one of the same trajectory; soft label assignment. */
import { assignedLabels, exactGradient, RELEASED_IMAGE_FACTOR, twoPassGradient } from '../../../methods/tesla.ts';
import { crossEntropy } from '../../../nn/losses.ts';
import type { Network } from '../../../nn/network.ts';
import type { Backend } from '../../../tensor/backends/backend.ts';
import { constant, type Expr, input } from '../../../tensor/expr.ts';
import { gradient } from '../../../tensor/gradient.ts';
import { floats, type Tensor } from '../../../tensor/tensor.ts';
import type { GoldenCase } from '../case.ts';
import { type Evaluated, type Evaluator, runOnce } from '../evaluator.ts';
import { flattened, parameterList, stacked, unflattened } from '../flat-parameters.ts';
import { networkOf } from '../network-case.ts';
import { type Student, studentOf } from './student-course.ts';

export const tesla: Evaluator = async (golden, backend) => {
  if (!golden.inputs.theta_start) return softLabels(golden, backend);
  const isSoft = (golden.inputs.y as Tensor).dtype === 'float';
  const student = await studentOf(golden, backend, { labels: isSoft ? 'learned' : 'hard', watchGradients: true });
  if (typeof student === 'string') return { unsupported: student };
  const computed = await bothGradients(golden, student);
  if (!golden.inputs.label_logits) return { computed };
  const learner = await studentOf(golden, backend, { labels: 'logits', labelArray: 'label_logits' });
  if (typeof learner === 'string') return { unsupported: learner };
  const { unroll, course, loss, lossFeeds } = learner;
  const trajectory = await unroll.forward(course);
  const { cotangents } = await loss.at({ ...trajectory.final, ...lossFeeds });
  const { learned } = await twoPassGradient(unroll, trajectory, cotangents);
  return { computed: { ...computed, 'tesla.grad.label_logits': learned.labels as Tensor } };
};

async function bothGradients(golden: GoldenCase, { unroll, course, loss, lossFeeds }: Student) {
  const list = parameterList(golden.params);
  let total: Float64Array | undefined;
  const trajectory = await unroll.forward(course, (_, gradients) => {
    const { data } = flattened(gradients, list);
    total = Float64Array.from(data, (value, index) => value + (total?.[index] ?? 0));
  });
  const { loss: value, cotangents } = await loss.at({ ...trajectory.final, ...lossFeeds });
  const tesla = (await twoPassGradient(unroll, trajectory, cotangents)).learned;
  const exact = (await exactGradient(unroll, trajectory, cotangents)).learned;
  await unroll.dispose();
  loss.dispose();
  const images = tesla.images as Tensor;
  const { shape } = golden.inputs.lr as Tensor;
  return {
    loss: value,
    'exact.loss': value,
    'tesla.grad.syn': images,
    'reference.grad.syn': floats(
      Float64Array.from(images.data, (slope) => slope * RELEASED_IMAGE_FACTOR),
      images.shape,
    ),
    'tesla.grad.lr': { ...(tesla.rate as Tensor), shape },
    'exact.grad.syn': exact.images as Tensor,
    'exact.grad.lr': { ...(exact.rate as Tensor), shape },
    ...(tesla.labels && { 'tesla.grad.label': tesla.labels }),
    ...(exact.labels && { 'exact.grad.label': exact.labels }),
    gradient_sum: floats(total ?? []),
    params_per_step: stacked(trajectory.states.map((state) => flattened(state, list))),
  };
}

/** The student's parameters are a share of the labelling network's, which the case says in words: `0.7*theta_target`. */
function studentScale({ meanings }: GoldenCase): number | undefined {
  const found = /([\d.e-]+) ?\* ?theta_target/.exec(meanings.student_logits ?? '');
  return found ? Number(found[1]) : undefined;
}

async function softLabels(golden: GoldenCase, backend: Backend): Promise<Evaluated> {
  const { params, source, inputs } = golden;
  const scale = studentScale(golden);
  if (scale === undefined) return { unsupported: 'a student whose parameters are not told' };
  const syn = inputs.syn as Tensor;
  const classes = params.classes as number;
  const network = networkOf(params, source, syn.shape, classes);
  if (!network.ok) return { unsupported: network.error.message };
  const flat = inputs.theta_target as Tensor;
  const smaller = floats(Float32Array.from(flat.data, (value) => Math.fround(value * Math.fround(scale))));
  const images = input('syn', syn.shape);
  const list = parameterList(params);
  const labels = assignedLabels(logitsOf(network.value, images, unflattened(flat, list)));
  const logits = logitsOf(network.value, images, unflattened(smaller, list));
  const loss = crossEntropy(logits, labels);
  const [slope] = gradient(loss, [logits]) as [Expr];
  const outputs = { soft_labels: labels, student_logits: logits, soft_ce: loss, 'grad.student_logits': slope };
  return { computed: await runOnce(backend, outputs, { syn }) };
}

function logitsOf(network: Network, images: Expr, values: Readonly<Record<string, Tensor>>): Expr {
  const buffers = network.buffers.map(({ name, shape, value }) => [
    name,
    constant(floats(new Float32Array(shape[0] ?? 0).fill(value), shape)),
  ]);
  const parameters = Object.entries(values).map(([name, value]) => [name, constant(value)]);
  return network.apply(images, Object.fromEntries([...parameters, ...buffers]), 'eval').logits;
}
