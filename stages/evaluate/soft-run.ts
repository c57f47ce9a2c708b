/**
 * Evaluation on soft labels: a student sees the very views that were labelled, epoch by epoch, and learns what the
 * teacher said to them; one test at the end. Order, crops and mixes come out of the files, so that all that is drawn here
 * is the initial network; with label maps it is the crops, too, over which the maps are pooled. Epochs beyond those that are
 * stored begin again with the first.
 */
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { openDataSet } from '../../data/registry.ts';
import { initialise } from '../../nn/init.ts';
import { scalarFeeds } from '../../nn/optimisers.ts';
import { constantRate, cosineDecay, linearWarmUp } from '../../nn/schedules.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { scalar, type Tensor } from '../../tensor/tensor.ts';
import { classifierDigest } from '../classifier.ts';
import { demandFinite } from '../finite.ts';
import { openImageSpace } from '../image-space.ts';
import { networkFor } from '../network-parameter.ts';
import { programs } from '../programs.ts';
import { chosenRows } from '../rows.ts';
import { viewStreams } from '../soft-labels/draws.ts';
import { type LabelledBatch, openSoftLabels } from '../soft-labels/read.ts';
import { viewFeeds } from '../soft-labels/view.ts';
import type { StageContext, StageRun } from '../stage.ts';
import { openSyntheticRows } from '../synthetic-rows.ts';
import { syntheticDigest } from '../synthetic-set.ts';
import { courseOf } from './soft-course.ts';
import { labelFeeds, type SoftLoss } from './soft-loss.ts';
import { type SoftTraining, softOptimiser, softStep } from './soft-training.ts';
import { openTest } from './test-pass.ts';

const HELP = 'Lower `learningRate`.';

export async function openSoftEvaluate({
  params,
  seed,
  inputs,
  data,
  backend,
  report,
}: StageContext): Promise<StageRun> {
  const set = unwrap(openDataSet(data.set, data.folder));
  if (!inputs.images || !inputs.labels) throw new Error('Internal error: expected the inputs images and labels');
  const synthetic = unwrap(openSyntheticRows(inputs.images, set));
  const soft = unwrap(
    openSoftLabels(inputs.labels, {
      ...{ set: set.name, classes: set.classes, height: set.height, width: set.width },
      ...{ count: synthetic.labels.data.length, images: syntheticDigest(inputs.images) },
      ...(inputs.teacher && { teachers: [classifierDigest(inputs.teacher)] }),
    }),
  );
  const { facts } = soft;
  const network = networkFor(params.network as JsonObject, set, backend);
  const optimiser = softOptimiser(params.optimiser as 'adamw' | 'sgd', params.weightDecay as number);
  const loss: SoftLoss = {
    kind: params.loss as SoftLoss['kind'],
    temperature: params.temperature as number,
    squared: params.squaredTemperature as boolean,
    hardWeight: params.hardWeight as number,
  };
  const training: SoftTraining = {
    ...{ network, optimiser, loss, facts, crop: facts.crop, mix: facts.mix, mean: set.mean, std: set.std },
  };
  const epochs = params.epochs as number;
  const warmUp = params.warmUp as number;
  const falling = params.schedule === 'cosine' ? cosineDecay(Math.max(1, epochs - warmUp)) : constantRate;
  const rateFactor = warmUp > 0 ? linearWarmUp(warmUp, falling, params.warmUpFrom as number | undefined) : falling;
  const space = openImageSpace(set, backend);
  const test = openTest(backend, network);
  const compiled = programs(backend);
  /** An image of several views is read once. */
  const imagesOf = ({ order, images }: LabelledBatch & { readonly images?: Int32Array }): Tensor => {
    if (!images) return synthetic.rowsAt(order);
    const places = new Map(Array.from(images, (image, place) => [image, place]));
    return chosenRows(
      synthetic.rowsAt(images),
      Array.from(order, (image) => places.get(image) ?? 0),
    );
  };
  const crops = (params.cropsPerImage as number | undefined) ?? 1;
  const course = courseOf(soft, viewStreams(seed, 'evaluate'), { epochs, crops });

  return {
    steps: course.passes,
    init: () => ({
      tensors: {
        ...initialise(network, randomStream(seed, 'evaluate/network'), 0),
        ...optimiser.init(Object.fromEntries(network.parameters.map((parameter) => [parameter.name, parameter]))),
      },
      values: { loss: 0 },
    }),
    async step({ tensors }, index) {
      const { epoch, batches, before, views, ...pass } = course.pass(index);
      const rate = scalar((params.learningRate as number) * rateFactor(epoch));
      let trained: Readonly<Record<string, Tensor>> = tensors;
      let mean = 0;
      for (let number = 0; number < batches; number++) {
        const batch = pass.batch(number);
        const count = batch.order.length;
        const program = await compiled.get(`${count}`, () => softStep(training, count));
        const feeds = {
          ...trained,
          images: imagesOf(batch),
          ...viewFeeds(batch, facts),
          ...labelFeeds(batch, loss, synthetic.labels),
          ...scalarFeeds(optimiser, before + number),
          rate,
        };
        const { loss: found, ...moved } = await program.run(feeds);
        trained = { ...trained, ...moved };
        mean += ((found?.data[0] ?? Number.NaN) * count) / views;
      }
      demandFinite('evaluate', index, { loss: mean, tensors: trained }, HELP);
      report({ loss: mean });
      return { tensors: trained, values: { loss: mean } };
    },
    async finish({ tensors, values }) {
      const { accuracy, loss: testLoss } = await test.on(space, set.test, tensors);
      demandFinite('evaluate', course.passes, { loss: testLoss }, HELP);
      const metrics = { accuracy, testLoss, trainLoss: values.loss as number };
      const file = new TextEncoder().encode(`${JSON.stringify({ ...metrics, testImages: set.test.count }, null, 2)}\n`);
      return { artifacts: { metrics: { 'metrics.json': file } }, metrics };
    },
    close() {
      for (const part of [space, test, compiled]) part.close();
    },
  };
}
