/**
 * Recovery: batch after batch, each from its noise to its last iterate, a step of the stage being one of Adam. The state is
 * what is finished, the batch under way and what the method carries along; noise and views are functions of the seed and
 * the step.
 */
import { unwrap } from '../../base/result.ts';
import { openDataFacts } from '../../data/registry.ts';
import { type CropCurriculum, minimumCropArea } from '../../methods/cda.ts';
import { scalarFeeds } from '../../nn/optimisers.ts';
import { cosineDecay } from '../../nn/schedules.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { floats, ints, scalar, type Tensor } from '../../tensor/tensor.ts';
import { demandFinite } from '../finite.ts';
import { zerosLike } from '../rows.ts';
import type { Range } from '../shards.ts';
import type { StageContext, StageRun, State } from '../stage.ts';
import { type Batch, batchesAcrossClasses, batchesByClass } from './batches.ts';
import { finishedImages } from './finished.ts';
import { optimiser } from './program.ts';
import { viewTensors } from './step-view.ts';
import { openStepper } from './steppers.ts';

type Tensors = Readonly<Record<string, Tensor>>;

export async function openRecover(context: StageContext): Promise<StageRun> {
  const { params, seed, data, inputs, shard, backend, files, report } = context;
  const set = unwrap(openDataFacts(data.set, data.folder));
  const { channels, height, width } = set;
  const number = (name: string) => params[name] as number;
  const classes = (shard?.classes ?? [0, set.classes]) as unknown as Range;
  const [imagesPerClass, iterations] = [number('imagesPerClass'), number('iterations')];
  const plan = { first: classes[0], end: classes[1], imagesPerClass, batchSize: number('batchSize') };
  const isGvbsm = params.method === 'g-vbsm';
  const batches = isGvbsm ? batchesByClass(plan, number('groups')) : batchesAcrossClasses(plan);
  const changes = {
    ...{ crop: params.crop as boolean, padding: number('padding'), flip: params.flip as boolean },
    ...{ jitter: number('jitter'), bothWays: params.jitterBothWays as boolean },
  };
  const settings = {
    ...{ changes, mean: set.mean, std: set.std },
    weights: {
      ...{ batchNorm: number('batchNorm'), firstLayer: number('firstLayer') },
      ...{ totalVariation: number('totalVariation'), l2: number('l2') },
    },
  };
  const stream = (name: string) =>
    randomStream(seed, shard ? `recover/${name}/${classes.join('-')}` : `recover/${name}`);
  const [noise, views] = [stream('noise'), { view: stream('view'), shift: stream('shift') }];
  const stepper = openStepper({ params, inputs, set, backend, settings, drops: stream('drop') });
  const finished = finishedImages({
    ...{ set, classes, imagesPerClass, batches, files },
    shard: shard !== undefined,
  });
  const rate = cosineDecay(iterations);
  const size = channels * height * width;

  const start = (batch: number): Record<string, Tensor> => {
    const count = (batches[batch] as Batch).length;
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
  const labelsOf = (batch: Batch) => ints(Int32Array.from(batch, ({ label }) => label));

  const stepOf = async (tensors: Tensors, index: number) => {
    const [position, iteration] = [Math.floor(index / iterations), index % iterations];
    const batch = batches[position] as Batch;
    const { current, first, second } = tensors as Record<'current' | 'first' | 'second', Tensor>;
    const fed = {
      ...{ images: current, first, second, labels: labelsOf(batch) },
      ...{ ...scalarFeeds(optimiser, iteration), rate: scalar(number('learningRate') * rate(iteration)) },
      ...viewTensors(views, index, minimumArea(iteration), { ...changes, height, width }),
    };
    const coarse = iteration < number('coarse') * iterations;
    const done = await stepper.step(fed, carriedIn(tensors), { index, batch, coarse });
    const { loss } = done.figures;
    demandFinite('recover', index, { loss, images: done.images.data, tensors: done.carried }, 'Lower `learningRate`.');
    return done;
  };
  const working = ({ images, first, second, carried }: Awaited<ReturnType<typeof stepOf>>): Tensors => ({
    ...{ current: images, first, second },
    ...carried,
  });
  /** The images of a batch, made once more; averages of G-VBSM come from all batches before it. */
  const again = async (position: number): Promise<Tensor> => {
    let carried = stepper.carried();
    for (let at = isGvbsm ? 0 : position; ; at++) {
      let tensors: Tensors = { ...start(at), ...carried };
      for (let iteration = 0; iteration < iterations; iteration++)
        tensors = working(await stepOf(tensors, at * iterations + iteration));
      if (at === position) return tensors.current as Tensor;
      carried = carriedIn(tensors);
    }
  };

  return {
    steps: batches.length * iterations,
    init() {
      const { tensors, values } = finished.init();
      return {
        tensors: { ...tensors, ...start(0), ...stepper.carried() },
        values: { ...values, loss: 0, batchNorm: 0 },
      };
    },
    async step(state, index) {
      const [position, iteration] = [Math.floor(index / iterations), index % iterations];
      const { loss: lossSum, batchNorm: distanceSum } = state.values as Record<string, number>;
      const done = await stepOf(state.tensors, index);
      report(done.figures);
      const before = finished.of(state);
      if (iteration < iterations - 1)
        return {
          tensors: { ...before.tensors, ...working(done) },
          values: { ...before.values, loss: lossSum ?? 0, batchNorm: distanceSum ?? 0 },
        };
      const batch = batches[position] as Batch;
      const after = finished.add(before, batch, done.images);
      // Figures of a set are means over its images.
      const share = batch.length / ((classes[1] - classes[0]) * imagesPerClass);
      const next = position + 1 < batches.length ? { ...start(position + 1), ...done.carried } : {};
      return {
        tensors: { ...after.tensors, ...next },
        values: {
          ...after.values,
          loss: (lossSum ?? 0) + share * done.figures.loss,
          batchNorm: (distanceSum ?? 0) + share * done.figures.batchNorm,
        },
      };
    },
    async finish(state: State) {
      const { loss, batchNorm } = state.values as Record<string, number>;
      return {
        ...(await finished.result(finished.of(state), again)),
        metrics: { loss: loss ?? 0, batchNorm: batchNorm ?? 0 },
      };
    },
    close: stepper.close,
  };
}

const CARRIED = 'average.';

function carriedIn(tensors: Tensors): Tensors {
  return Object.fromEntries(Object.entries(tensors).filter(([name]) => name.startsWith(CARRIED)));
}
