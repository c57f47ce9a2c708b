/**
 * Matching (DM and DC, algorithm 1): start from given images, then at every iteration draw a network, real batches and an
 * augmentation of each class, and move the images against the gradient of the method's loss. The state is the images
 * and their velocity; everything drawn is a function of the seed and the iteration.
 */
import type { JsonObject } from '../../base/json.ts';
import { FailureError, fail, unwrap } from '../../base/result.ts';
import type { DataSetFacts } from '../../data/data-set.ts';
import { openDataSet } from '../../data/registry.ts';
import type { GradientDistance } from '../../methods/dc.ts';
import { tokensOf } from '../augment-parameter.ts';
import { demandFinite } from '../finite.ts';
import { openImageSpace } from '../image-space.ts';
import { networkFor } from '../network-parameter.ts';
import { zerosLike } from '../rows.ts';
import type { StageContext, StageResult, StageRun, State } from '../stage.ts';
import { imagesPerClassOf, readSyntheticSet, syntheticSetFile } from '../synthetic-set.ts';
import { type DmSettings, type DmStep, openDmStep } from './dm-step.ts';
import { LOOPS_HELP, loopsOf } from './gradient-parameters.ts';
import { openGradientStep } from './gradient-step.ts';
import { type RealImages, realImagesOf } from './real-images.ts';

export async function openMatch(context: StageContext): Promise<StageRun> {
  const { params, inputs, data, seed, backend, report } = context;
  const set = unwrap(openDataSet(data.set, data.folder));
  if (!inputs.start) throw new Error('Internal error: expected the input start');
  const space = openImageSpace(set, backend, inputs.whitening);
  const start = unwrap(readSyntheticSet(inputs.start, set, space.whitening));
  const real = realImagesOf(set, space);
  demandEveryClass(real, set);
  const step = await openStep(params, {
    network: networkFor(params.network as JsonObject, set, backend),
    real,
    classes: set.classes,
    imagesPerClass: unwrap(imagesPerClassOf(start, set.classes)),
    batchReal: params.batchReal as number,
    tokens: tokensOf(params.augment as string),
    learningRate: params.learningRate as number,
    momentum: params.momentum as number,
    seed,
    backend,
  });

  const result = async (state: State): Promise<StageResult> => {
    const { images } = moved(state);
    const made = { images, labels: start.labels };
    const files = {
      ...syntheticSetFile(made, set, space.whitening),
      'before.png': await space.picture(start),
      'after.png': await space.picture(made),
    };
    return { artifacts: { images: files }, metrics: { loss: state.values.loss as number } };
  };

  return {
    steps: params.iterations as number,
    init: () => ({
      tensors: { images: start.images, velocity: zerosLike(start.images) },
      values: { loss: 0 },
    }),
    async step(state, index) {
      const { images, velocity, loss } = await step.step(moved(state), index);
      demandFinite(`match (${params.method})`, index, { loss, images: images.data }, 'Lower `learningRate`.');
      report({ loss });
      return { tensors: { images, velocity }, values: { loss } };
    },
    snapshot: result,
    finish: result,
    close() {
      for (const part of [space, step]) part.close();
    },
  };
}

function openStep(params: JsonObject, settings: DmSettings): DmStep | Promise<DmStep> {
  if (params.method === 'dm') return openDmStep(settings);
  const loops = loopsOf(params, settings.imagesPerClass);
  if (!loops) {
    const what = `Nobody has published loops for ${settings.imagesPerClass} images per class.`;
    throw new FailureError(fail('LOOPS_UNKNOWN', what, { help: LOOPS_HELP }).error);
  }
  const distance = params.distance as GradientDistance;
  return openGradientStep({
    ...settings,
    ...loops,
    distance,
    networkLearningRate: params.networkLearningRate as number,
  });
}

function demandEveryClass(real: RealImages, { classes, classNames, title }: DataSetFacts): void {
  const label = Array.from({ length: classes }, (_, one) => one).find((one) => real.count(one) === 0);
  if (label === undefined) return;
  const what = `Real images of each class are matched, but ${title} has none of ${classNames[label] ?? label}.`;
  throw new FailureError(fail('CLASS_EMPTY', what, { help: 'Leave the class out: `classes` of `data`.' }).error);
}

function moved({ tensors: { images, velocity } }: State) {
  if (!images || !velocity) throw new Error('Internal error: expected images and velocity in the state');
  return { images, velocity };
}
