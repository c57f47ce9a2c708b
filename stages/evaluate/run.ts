/**
 * Evaluation (`evaluate_synset` of the matching papers): SGD with momentum 0.9 and weight decay 5e-4 on the synthetic
 * set for E + 1 epochs, the rate ×0.1 and the momentum cleared halfway; one test at the end, nothing chosen by it.
 * The initial network, shuffles and augmentations depend on the seed alone, so they are equal for every method's set k.
 */
import type { JsonObject } from '../../base/json.ts';
import { FailureError, fail, unwrap } from '../../base/result.ts';
import { openDataSet } from '../../data/registry.ts';
import { initialise } from '../../nn/init.ts';
import { evaluationDecayEpoch, stepDecay } from '../../nn/schedules.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { scalar, type Tensor } from '../../tensor/tensor.ts';
import { tokensOf } from '../augment-parameter.ts';
import { demandFinite } from '../finite.ts';
import { openImageSpace } from '../image-space.ts';
import { networkFor } from '../network-parameter.ts';
import type { StageContext, StageRun } from '../stage.ts';
import { readSyntheticSet, type SyntheticSet } from '../synthetic-set.ts';
import { openAugmenter, openDcAugmenter } from './augmenter.ts';
import { batchesOf } from './batches.ts';
import { openTest } from './test-pass.ts';
import { openTraining } from './training.ts';

export async function openEvaluate({ params, seed, inputs, data, backend, report }: StageContext): Promise<StageRun> {
  const set = unwrap(openDataSet(data.set, data.folder));
  if (!inputs.images) throw new Error('Internal error: expected the input images');
  const space = openImageSpace(set, backend, inputs.whitening);
  const synthetic = unwrap(readSyntheticSet(inputs.images, set, space.whitening));
  const learningRate = rateOf(params, synthetic);
  const help =
    params.learningRate === 'learned'
      ? `The set's own rate is ${learningRate}: write a number, or lower \`stepSizeLearningRate\` where it was learned.`
      : 'Lower `learningRate`.';
  const network = networkFor(params.network as JsonObject, set, backend);
  const epochs = params.epochs as number;
  const decayEpoch = evaluationDecayEpoch(epochs);
  const rateFactor = stepDecay([decayEpoch]);

  const shuffle = randomStream(seed, 'evaluate/shuffle');
  const draws = randomStream(seed, 'evaluate/augment');
  const augment = params.augment as string;
  const augmenter =
    params.augmentFamily === 'dc' ? openDcAugmenter(augment, draws) : openAugmenter(backend, tokensOf(augment), draws);
  const training = openTraining(backend, network);
  const test = openTest(backend, network);

  return {
    steps: epochs + 1,
    init: () => ({
      tensors: { ...initialise(network, randomStream(seed, 'evaluate/network'), 0), ...training.momentum() },
      values: { loss: 0 },
    }),
    async step({ tensors }, epoch) {
      const rate = scalar(learningRate * rateFactor(epoch));
      const batches = batchesOf(
        synthetic,
        shuffle.permutation(epoch, synthetic.labels.data.length),
        params.batchSize as number,
      );
      let trained: Readonly<Record<string, Tensor>> =
        epoch === decayEpoch ? { ...tensors, ...training.momentum() } : tensors;
      let loss = 0;
      for (const [index, { images, labels }] of batches.entries()) {
        const augmented = await augmenter.apply(images, epoch * batches.length + index);
        const step = await training.step(trained, augmented, labels, rate);
        trained = step.tensors;
        loss += (step.loss * (labels.shape[0] ?? 0)) / synthetic.labels.data.length;
      }
      demandFinite('evaluate', epoch, { loss, tensors: trained }, help);
      report({ loss });
      return { tensors: trained, values: { loss } };
    },
    async finish({ tensors, values }) {
      const { accuracy, loss } = await test.on(space, set.test, tensors);
      // The last step's loss was taken before its update, which may have been the one that diverged.
      demandFinite('evaluate', epochs, { loss }, help);
      const metrics = { accuracy, testLoss: loss, trainLoss: values.loss as number };
      const file = new TextEncoder().encode(`${JSON.stringify({ ...metrics, testImages: set.test.count }, null, 2)}\n`);
      return { artifacts: { metrics: { 'metrics.json': file } }, metrics };
    },
    close() {
      for (const part of [space, augmenter, training, test]) part.close();
    },
  };
}

function rateOf({ learningRate }: JsonObject, set: SyntheticSet): number {
  if (learningRate !== 'learned') return learningRate as number;
  if (set.learningRate !== undefined) return set.learningRate;
  const { error } = fail('SET_LEARNING_RATE', '`learningRate` is `learned`, but the set carries no learning rate.', {
    help: 'Write a number, or evaluate a set of a method that learns one (`mtt`, `tesla`).',
  });
  throw new FailureError(error);
}
