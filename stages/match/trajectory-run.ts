/**
 * Matching training trajectories as a stage. The state is the images, the step size, their velocities and, with soft
 * labels, the labels of the last iteration; the images that it makes carry the step size that it learned.
 */
import type { JsonObject } from '../../base/json.ts';
import { FailureError, fail, unwrap } from '../../base/result.ts';
import { openDataSet } from '../../data/registry.ts';
import { floats, type Tensor } from '../../tensor/tensor.ts';
import { tokensOf } from '../augment-parameter.ts';
import { demandFinite } from '../finite.ts';
import { openImageSpace } from '../image-space.ts';
import { networkFor } from '../network-parameter.ts';
import { zerosLike } from '../rows.ts';
import type { StageContext, StageResult, StageRun, State } from '../stage.ts';
import { readSyntheticSet, syntheticSetFile } from '../synthetic-set.ts';
import { type Experts, openExperts } from '../trajectories.ts';
import { demandTrainable, iterationsBelow, STEP_SIZE_HELP, watchStepSize } from './step-size.ts';
import { drawsOfTrajectory } from './trajectory-draws.ts';
import { openTrajectoryStep } from './trajectory-step.ts';

export async function openTrajectoryMatch(context: StageContext): Promise<StageRun> {
  const { params, inputs, data, seed, backend, report, warn } = context;
  const set = unwrap(openDataSet(data.set, data.folder));
  if (!inputs.start || !inputs.trajectories) throw new Error('Internal error: expected the inputs of `mtt`');
  const space = openImageSpace(set, backend, inputs.whitening);
  const start = unwrap(readSyntheticSet(inputs.start, set, space.whitening));
  const network = networkFor(params.network as JsonObject, set, backend);
  const experts = unwrap(openExperts(inputs.trajectories, { network, set: set.name, whitening: space.whitening }));
  const [expertEpochs, maxStartEpoch] = [params.expertEpochs as number, params.maxStartEpoch as number];
  demandLongEnough(experts, maxStartEpoch - 1 + expertEpochs);
  const softLabels = params.softLabels === true;
  const images = start.labels.data.length;
  const draw = drawsOfTrajectory({
    ...{ seed, maxStartEpoch, images, height: set.height, width: set.width, experts: experts.count },
    studentSteps: params.studentSteps as number,
    batch: Math.min(images, (params.batchSynthetic as number | undefined) ?? images),
    tokens: tokensOf(params.augment as string),
  });
  const iteration = await openTrajectoryStep({
    ...{ network, backend, softLabels },
    gradient: params.gradient as 'exact' | 'published',
    learningRate: params.learningRate as number,
    momentum: params.momentum as number,
    stepSizeLearningRate: params.stepSizeLearningRate as number,
  });

  const result = async ({ tensors, values }: State, isEnd: boolean): Promise<StageResult> => {
    const learningRate = values.stepSize as number;
    demandTrainable(learningRate, isEnd);
    const made = {
      ...{ images: tensors.images as Tensor, labels: start.labels, learningRate },
      ...(tensors.softLabels && { softLabels: tensors.softLabels }),
    };
    const files = {
      ...syntheticSetFile(made, set, space.whitening),
      'before.png': await space.picture(start),
      'after.png': await space.picture(made),
    };
    return { artifacts: { images: files }, metrics: { loss: values.loss as number, learningRate } };
  };

  return {
    steps: params.iterations as number,
    init: () => ({
      tensors: {
        ...{ images: start.images, velocity: zerosLike(start.images) },
        ...(softLabels && { softLabels: oneHot(start.labels, set.classes) }),
      },
      values: { loss: 0, stepSize: params.stepSize as number, stepSizeVelocity: 0 },
    }),
    async step({ tensors, values }, index) {
      const drawn = draw(index);
      const before = {
        ...{ images: tensors.images as Tensor, velocity: tensors.velocity as Tensor },
        ...{ stepSize: values.stepSize as number, stepSizeVelocity: values.stepSizeVelocity as number },
      };
      const ends = {
        start: experts.at(drawn.expert, drawn.epoch),
        target: experts.at(drawn.expert, drawn.epoch + expertEpochs),
      };
      const after = await iteration.step(before, start.labels, drawn, ends);
      const { loss, stepSize, stepSizeVelocity } = after;
      if (!Number.isFinite(loss)) demandMoved(ends, drawn, drawn.epoch + expertEpochs);
      const course = `The learned step size was ${before.stepSize}.`;
      demandFinite(
        `match (${params.method})`,
        index,
        { loss, images: after.images.data },
        `${course} ${STEP_SIZE_HELP}`,
      );
      report({ loss, learningRate: stepSize });
      const below = iterationsBelow(values.below, stepSize);
      const warned = values.warned === true;
      watchStepSize({ index, stepSize, below, warned }, warn);
      return {
        tensors: {
          ...{ images: after.images, velocity: after.velocity },
          ...(after.softLabels && { softLabels: after.softLabels }),
        },
        values: { loss, stepSize, stepSizeVelocity, ...((below > 0 || warned) && { below, warned: true }) },
      };
    },
    snapshot: (state) => result(state, false),
    finish: (state) => result(state, true),
    close() {
      for (const part of [space, iteration]) part.close();
    },
  };
}

function demandLongEnough({ epochs }: Experts, last: number): void {
  if (last <= epochs) return;
  const { error } = fail(
    'TRAJECTORIES_SHORT',
    `Students are to reach epoch ${last}, but the experts end at ${epochs}.`,
    {
      help: 'Lower `maxStartEpoch` or `expertEpochs`, or train experts for more epochs.',
    },
  );
  throw new FailureError(error);
}

/** The loss is a share of the squared way that the expert went, which must be a number of single precision. */
function demandMoved({ start, target }: Ends, { expert, epoch }: { expert: number; epoch: number }, end: number): void {
  let squares = 0;
  for (const [name, { data }] of Object.entries(start))
    for (const [at, value] of data.entries()) squares += (value - (target[name]?.data[at] ?? Number.NaN)) ** 2;
  if (Math.fround(squares) !== 0) return;
  const { error } = fail('EXPERT_STILL', `Expert ${expert} is at epoch ${end} where it was at epoch ${epoch}.`, {
    help: 'Train experts by a higher `learningRate` of the stage `buffer`.',
  });
  throw new FailureError(error);
}

type Ends = Readonly<Record<'start' | 'target', Readonly<Record<string, Tensor>>>>;

function oneHot({ data }: Tensor, classes: number): Tensor {
  const values = new Float32Array(data.length * classes);
  for (let image = 0; image < data.length; image++) values[image * classes + (data[image] ?? 0)] = 1;
  return floats(values, [data.length, classes]);
}
