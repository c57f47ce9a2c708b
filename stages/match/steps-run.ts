/**
 * Dataset distillation as a stage. The state is the images, the raw step sizes and what Adam keeps of both; the set that it
 * makes carries its steps, and the fixed start where there is one.
 */
import type { JsonObject } from '../../base/json.ts';
import { FailureError, fail, unwrap } from '../../base/result.ts';
import { openDataSet } from '../../data/registry.ts';
import { rawStepSizes, stepSizes } from '../../methods/dd.ts';
import { demandFinite } from '../finite.ts';
import { learnedStepsFile } from '../learned-steps.ts';
import { networkFor } from '../network-parameter.ts';
import type { StageContext, StageResult, StageRun, State } from '../stage.ts';
import { imagesPerClassOf, picture, readSyntheticSet, syntheticSetFile } from '../synthetic-set.ts';
import { drawsOfSteps } from './steps-draws.ts';
import { dealtSentence, logitsOf } from './steps-parameters.ts';
import { float32, openStepsStep } from './steps-step.ts';

export async function openStepsMatch({ params, inputs, data, seed, backend, report }: StageContext): Promise<StageRun> {
  const set = unwrap(openDataSet(data.set, data.folder));
  if (!inputs.start) throw new Error('Internal error: expected the input start');
  const start = unwrap(readSyntheticSet(inputs.start, set));
  const logits = logitsOf(set.classes, params.binary);
  const network = networkFor(params.network as JsonObject, { ...set, classes: logits }, backend);
  const fixedStart = params.networkStart === 'fixed';
  const [distillSteps, distillEpochs] = [params.distillSteps as number, params.distillEpochs as number];
  const imagesPerClass = unwrap(imagesPerClassOf(start, set.classes));
  demandDealt(imagesPerClass, distillSteps);
  const networkDraws = params.networkDraws as number;
  const draws = drawsOfSteps({
    ...{ set, network, seed, networkDraws, fixedStart },
    batchReal: Math.min(params.batchReal as number, set.train.count),
    augmentReal: params.augmentReal === 'crop_flip',
  });
  const iteration = await openStepsStep(
    {
      classes: set.classes,
      ...{ network, backend, imagesPerClass, distillSteps, distillEpochs, networkDraws },
      learningRate: params.learningRate as number,
      momentum: params.momentum as number,
      decayPasses: params.decayPasses as number,
    },
    draws,
  );

  const result = ({ tensors, values }: State): StageResult => {
    const { images, raw } = tensors;
    if (!images || !raw) throw new Error('Internal error: expected images and step sizes in the state');
    const made = { images, labels: start.labels };
    const rates = float32(stepSizes(raw));
    const steps = { rates, order: iteration.order, ...(fixedStart && { start: draws.network(0, 0) }) };
    const files = {
      ...syntheticSetFile(made, set),
      ...learnedStepsFile(steps, network),
      'before.png': picture(start, set),
      'after.png': picture(made, set),
    };
    return { artifacts: { images: files }, metrics: { loss: values.loss as number, learningRate: meanOf(rates.data) } };
  };

  return {
    steps: params.iterations as number,
    init: () => ({
      tensors: {
        images: start.images,
        raw: float32(rawStepSizes(params.stepSize as number, distillSteps * distillEpochs)),
        ...iteration.start(),
      },
      values: { loss: 0 },
    }),
    async step({ tensors }, index) {
      const after = await iteration.step(tensors, start.labels, index);
      demandFinite('match (dd)', index, after, 'Lower `learningRate` or `stepSize`.');
      report({ loss: after.loss });
      return { tensors: after.tensors, values: { loss: after.loss } };
    },
    snapshot: result,
    finish: result,
    close: () => iteration.close(),
  };
}

function demandDealt(imagesPerClass: number, steps: number): void {
  if (imagesPerClass % steps === 0) return;
  const help = 'Take a `distillSteps` that divides the images per class.';
  throw new FailureError(fail('STEPS_UNEVEN', dealtSentence(imagesPerClass, steps), { help }).error);
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] as number;
  return sum / values.length;
}
