/**
 * Evaluation of sets that learned their own steps (DD): these steps, in their order and of their sizes, plain gradient steps
 * without augmentation, from Xavier's start or the fixed one that the set carries; then the test. A step of the stage is
 * one of them. All other parameters of training are those of the set, so none is taken.
 */
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { openDataSet } from '../../data/registry.ts';
import { initialise } from '../../nn/init.ts';
import { Unroll } from '../../nn/trajectory/unroll.ts';
import { withXavier } from '../../nn/xavier.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { demandFinite } from '../finite.ts';
import { openImageSpace } from '../image-space.ts';
import { logitsOfSteps, readLearnedSteps } from '../learned-steps.ts';
import { courseOf, networkStep } from '../match/steps-step.ts';
import { networkFor } from '../network-parameter.ts';
import type { StageContext, StageRun } from '../stage.ts';
import { readSyntheticSet } from '../synthetic-set.ts';
import { openTest } from './test-pass.ts';

export async function openLearnedSteps({
  params,
  seed,
  inputs,
  data,
  backend,
  report,
}: StageContext): Promise<StageRun> {
  const set = unwrap(openDataSet(data.set, data.folder));
  if (!inputs.images) throw new Error('Internal error: expected the input images');
  const synthetic = unwrap(readSyntheticSet(inputs.images, set));
  // Two classes may have been told apart by one logit.
  const classes = set.classes === 2 ? (logitsOfSteps(inputs.images) ?? 2) : set.classes;
  const network = networkFor(params.network as JsonObject, { ...set, classes }, backend);
  const learned = unwrap(readLearnedSteps(inputs.images, network, synthetic.labels.data.length));
  const course = courseOf(learned.order, synthetic.labels);
  const training = networkStep(network, learned.order.shape[1] ?? 0);
  const watched = { ...training, watched: { loss: training.loss } };
  const unroll = new Unroll(backend, { step: () => watched });
  const space = openImageSpace(set, backend);
  const test = openTest(backend, network);
  const arrays = { images: synthetic.images, rate: learned.rates };

  return {
    steps: course.length,
    async init() {
      const start = learned.start ?? initialise(withXavier(network), randomStream(seed, 'evaluate/network'), 0);
      const { accuracy } = await test.on(space, set.test, start);
      return { tensors: start, values: { loss: 0, accuracyBefore: accuracy } };
    },
    async step({ tensors, values }, index) {
      let loss = Number.NaN;
      const step = { start: tensors, arrays, steps: course.slice(index, index + 1) };
      const { final } = await unroll.forward(step, (_, results) => {
        loss = results.loss?.data[0] ?? Number.NaN;
      });
      demandFinite('evaluate', index, { loss, tensors: final }, 'Learn the steps by a lower `learningRate`.');
      report({ loss });
      return { tensors: final, values: { ...values, loss } };
    },
    async finish({ tensors, values }) {
      const { accuracy, loss } = await test.on(space, set.test, tensors);
      demandFinite('evaluate', course.length, { loss }, 'Learn the steps by a lower `learningRate`.');
      const { accuracyBefore, loss: trainLoss } = values as { accuracyBefore: number; loss: number };
      const metrics = { accuracy, testLoss: loss, trainLoss, accuracyBefore };
      const file = new TextEncoder().encode(`${JSON.stringify({ ...metrics, testImages: set.test.count }, null, 2)}\n`);
      return { artifacts: { metrics: { 'metrics.json': file } }, metrics };
    },
    close() {
      void unroll.dispose();
      for (const part of [space, test]) part.close();
    },
  };
}
