/**
 * Recovery (SRe2L, section 2): batch after batch, each from its noise to its last iterate, a step of the stage being one
 * of Adam. The state is what is finished and the batch under way; noise and views are functions of the seed and the step.
 */
import { unwrap } from '../../base/result.ts';
import { openDataSet } from '../../data/registry.ts';
import { type CropCurriculum, minimumCropArea } from '../../methods/cda.ts';
import { cosineDecay } from '../../nn/schedules.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { floats, ints, scalar, type Tensor } from '../../tensor/tensor.ts';
import { demandFinite } from '../finite.ts';
import { programs } from '../programs.ts';
import { zerosLike } from '../rows.ts';
import type { StageContext, StageRun, State } from '../stage.ts';
import { picture, sortedLabels, syntheticSetFile } from '../synthetic-set.ts';
import { type Batch, batchesOf } from './batches.ts';
import { viewDraw } from './draws.ts';
import { optimiser, recoverProgram } from './program.ts';
import { readTeacher } from './teacher.ts';

export async function openRecover({ params, seed, data, inputs, backend, report }: StageContext): Promise<StageRun> {
  const set = unwrap(openDataSet(data.set, data.folder));
  const { network, values } = readTeacher(inputs.teacher, set);
  const { channels, height, width, classes } = network.input;
  const number = (name: string) => params[name] as number;
  const [imagesPerClass, iterations] = [number('imagesPerClass'), number('iterations')];
  const batches = batchesOf(classes, imagesPerClass, number('batchSize'));
  const settings = {
    ...{ network, mean: set.mean, std: set.std },
    ...{ crop: params.crop as boolean, flip: params.flip as boolean, jitter: number('jitter') },
    weights: {
      ...{ batchNorm: number('batchNorm'), firstLayer: number('firstLayer') },
      ...{ totalVariation: number('totalVariation'), l2: number('l2') },
    },
  };
  const compiled = programs(backend);
  const [noise, views] = [randomStream(seed, 'recover/noise'), randomStream(seed, 'recover/view')];
  const rate = cosineDecay(iterations);
  const size = channels * height * width;

  const start = (batch: number): Record<string, Tensor> => {
    const { count } = batches[batch] as Batch;
    const drawn = noise.normal(batch, count * size).map((value) => value * number('noise'));
    const current = floats(Float32Array.from(drawn), [count, channels, height, width]);
    return { current, first: zerosLike(current), second: zerosLike(current) };
  };
  const minimumArea = (iteration: number): number => {
    const low = number('minimumArea');
    if (params.curriculum === 'none') return low;
    const mode = params.curriculum as CropCurriculum;
    return minimumCropArea(iteration, { mode, milestone: number('milestone'), iterations, low });
  };

  return {
    steps: batches.length * iterations,
    init: () => ({
      tensors: {
        images: floats(new Float32Array(classes * imagesPerClass * size), [
          classes * imagesPerClass,
          ...[channels, height, width],
        ]),
        ...start(0),
      },
      values: { loss: 0, batchNorm: 0 },
    }),
    async step({ tensors, values: sums }, index) {
      const [position, iteration] = [Math.floor(index / iterations), index % iterations];
      const batch = batches[position] as Batch;
      const { images, current, first, second } = tensors as Record<'images' | 'current' | 'first' | 'second', Tensor>;
      const corrections = Object.entries(optimiser.scalars(iteration)).map(([name, value]) => [name, scalar(value)]);
      const view = viewDraw(views, index, minimumArea(iteration), { height, width, jitter: settings.jitter });
      const program = await compiled.get(`${batch.count}`, () => recoverProgram(settings, batch.count));
      const labels = ints(Int32Array.from({ length: batch.count }, (_, place) => batch.firstClass + place));
      const result = await program.run({
        ...{ ...values, images: current, first, second, labels },
        ...{ ...Object.fromEntries(corrections), rate: scalar(number('learningRate') * rate(iteration)) },
        ...used(view, settings),
      });
      const figure = (name: string): number => result[name]?.data[0] ?? Number.NaN;
      const moved = result as Record<'images' | 'first' | 'second', Tensor>;
      const loss = figure('loss');
      demandFinite('recover', index, { loss, images: moved.images.data }, 'Lower `learningRate`.');
      report({ loss, crossEntropy: figure('crossEntropy'), batchNorm: figure('batchNorm') });
      if (iteration < iterations - 1)
        return {
          tensors: { images, current: moved.images, first: moved.first, second: moved.second },
          values: sums,
        };
      // Figures of a set are means over its images.
      const share = batch.count / (classes * imagesPerClass);
      const next = position + 1 < batches.length ? start(position + 1) : {};
      return {
        tensors: { images: placed(images, moved.images, batch, imagesPerClass), ...next },
        values: {
          loss: (sums.loss as number) + share * loss,
          batchNorm: (sums.batchNorm as number) + share * figure('batchNorm'),
        },
      };
    },
    finish({ tensors, values: sums }: State) {
      const made = { images: tensors.images as Tensor, labels: sortedLabels(classes, imagesPerClass) };
      return {
        artifacts: { images: { ...syntheticSetFile(made, set), 'after.png': picture(made, set) } },
        metrics: { loss: sums.loss as number, batchNorm: sums.batchNorm as number },
      };
    },
    close: compiled.close,
  };
}

/** Programs are fed exactly what they declare. */
function used(
  { top, left, tall, wide, mirrored, down, across }: ReturnType<typeof viewDraw>,
  { crop, flip, jitter }: { readonly crop: boolean; readonly flip: boolean; readonly jitter: number },
) {
  return {
    ...(crop && { top, left, tall, wide }),
    ...(flip && { mirrored }),
    ...(jitter > 0 && { down, across }),
  };
}

/** The finished batch at its places in the set, which is sorted by class. */
function placed(images: Tensor, batch: Tensor, { slot, firstClass, count }: Batch, imagesPerClass: number): Tensor {
  const data = Float32Array.from(images.data);
  const size = batch.data.length / count;
  for (let place = 0; place < count; place++) {
    const row = (firstClass + place) * imagesPerClass + slot;
    data.set(batch.data.subarray(place * size, (place + 1) * size), row * size);
  }
  return floats(data, images.shape);
}
