/**
 * One iteration of gradient matching on its own, without the engine: what the stage loops over and what a benchmark times.
 * A new network; then, `outerSteps` times, one step on the images from the gradient distances of all classes, and between
 * two of them training of the network on the synthetic set alone (DC, algorithm 1; DSA is the same on augmented images).
 *
 * Batch norm (the published rule): before each step on the images, one train-mode pass of real images of all classes moves
 * the statistics, which then hold for both sides; training in between moves them by its own batches.
 */
import type { GradientDistance } from '../../methods/dc.ts';
import type { Network } from '../../nn/network.ts';
import { networkInputs } from '../../nn/network.ts';
import type { Backend } from '../../tensor/backends/backend.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { floats, ints, scalar, type Tensor } from '../../tensor/tensor.ts';
import { openAugmenter } from '../evaluate/augmenter.ts';
import { batchesOf } from '../evaluate/batches.ts';
import { openTraining } from '../evaluate/training.ts';
import { programs } from '../programs.ts';
import { rows, stacked } from '../rows.ts';
import { sortedLabels } from '../synthetic-set.ts';
import type { DmStep, Moved } from './dm-step.ts';
import { type DrawSettings, drawsOfDm } from './draws.ts';
import type { Loops } from './gradient-parameters.ts';
import { classProgram } from './gradient-program.ts';

export interface GradientSettings extends DrawSettings, Loops {
  readonly imagesPerClass: number;
  readonly distance: GradientDistance;
  readonly learningRate: number;
  readonly momentum: number;
  readonly networkLearningRate: number;
  readonly backend: Backend;
}

/** Synthetic images of a step of the network's training. */
const BATCH = 256;

/** Real images of each class that batch norm takes its statistics from. */
const STATISTICS_IMAGES = 16;

type Values = Readonly<Record<string, Tensor>>;

export function openGradientStep(settings: GradientSettings): DmStep {
  const { classes, imagesPerClass, outerSteps, networkEpochs } = settings;
  const draws = drawsOfDm(settings);
  const statistics = openStatistics(settings);
  const training = openInnerTraining(settings);
  const compiled = programs(settings.backend);
  const rate = settings.learningRate;

  /** Σ_c D of one step, and the images and velocities after it. */
  const step = async (state: Moved, network: Values, draw: number) => {
    const slopes: Tensor[] = [];
    let loss = 0;
    for (let label = 0; label < classes; label++) {
      const { real, token, omega } = await draws.ofClass(draw, label);
      const batchReal = real.shape[0] ?? 0;
      const fresh = outerSteps === 1;
      const build = () => classProgram({ ...settings, batchReal, token, fresh });
      const program = await compiled.get(`${token} ${batchReal}`, build);
      const images = rows(state.images, label * imagesPerClass, imagesPerClass);
      const results = await program.run({ ...network, ...omega, real, images, label: ints([label]) });
      slopes.push(results.slope as Tensor);
      loss += results.loss?.data[0] ?? Number.NaN;
    }
    return { ...moved(state, stacked(slopes), settings.momentum, rate), loss };
  };

  return {
    async step(before, iteration) {
      let network: Values = draws.network(iteration);
      let state: Moved = before;
      let loss = 0;
      for (let outer = 0; outer < outerSteps; outer++) {
        const draw = iteration * outerSteps + outer;
        network = await statistics.frozen(network, draw);
        const next = await step(state, network, draw);
        state = next;
        loss += next.loss / (classes * outerSteps);
        if (outer === outerSteps - 1) break;
        for (let epoch = 0; epoch < networkEpochs; epoch++)
          network = await training.epoch(network, state.images, draw * networkEpochs + epoch);
      }
      return { images: state.images, velocity: state.velocity, loss };
    },
    close() {
      for (const part of [statistics, training, compiled]) part.close();
    },
  };
}

/** v ← μv + g; S ← S - ηv, in single precision. */
function moved({ images, velocity }: Moved, slope: Tensor, momentum: number, rate: number): Moved {
  const nextVelocity = new Float32Array(slope.data.length);
  const nextImages = new Float32Array(slope.data.length);
  for (let at = 0; at < nextImages.length; at++) {
    const pace = Math.fround(momentum * (velocity.data[at] as number) + (slope.data[at] as number));
    nextVelocity[at] = pace;
    nextImages[at] = (images.data[at] as number) - rate * pace;
  }
  return { images: floats(nextImages, images.shape), velocity: floats(nextVelocity, images.shape) };
}

/** The published rule of batch norm; networks without buffers are given back as they are. */
function openStatistics({ network, backend, classes, real, seed }: GradientSettings) {
  const stream = randomStream(seed, 'match/statistics');
  const compiled = programs(backend);
  return {
    async frozen(values: Values, draw: number): Promise<Values> {
      if (network.buffers.length === 0) return values;
      const images = stacked(
        await Promise.all(
          Array.from({ length: classes }, (_, label) => {
            const count = Math.min(STATISTICS_IMAGES, real.count(label));
            return real.read(label, stream.choose(draw * classes + label, real.count(label), count));
          }),
        ),
      );
      const program = await compiled.get(`${images.shape}`, () => buffersAfter(network, images.shape));
      return { ...values, ...(await program.run({ ...values, images })) };
    },
    close: compiled.close,
  };
}

function buffersAfter(network: Network, shape: Tensor['shape']): Record<string, Expr> {
  return { ...network.apply(input('images', shape), networkInputs(network), 'train').buffers };
}

/** Plain SGD on the synthetic set, shuffled; under DSA every mini-batch is augmented, each image by a draw of its own. */
function openInnerTraining(settings: GradientSettings) {
  const { network, backend, seed, tokens, classes, imagesPerClass, networkLearningRate } = settings;
  const training = openTraining(backend, network, { momentum: 0, weightDecay: 0 });
  const augmenter = openAugmenter(backend, tokens, randomStream(seed, 'match/training-augmentation'));
  const shuffle = randomStream(seed, 'match/training-shuffle');
  const labels = sortedLabels(classes, imagesPerClass);
  const rate = scalar(networkLearningRate);
  return {
    /** `pass` numbers the passes of the whole stage. */
    async epoch(values: Values, images: Tensor, pass: number): Promise<Values> {
      const batches = batchesOf({ images, labels }, shuffle.permutation(pass, labels.data.length), BATCH);
      let trained = values;
      for (const [index, batch] of batches.entries()) {
        const seen = await augmenter.apply(batch.images, pass * batches.length + index);
        trained = (await training.step(trained, seen, batch.labels, rate)).tensors;
      }
      return trained;
    },
    close() {
      for (const part of [augmenter, training]) part.close();
    },
  };
}
