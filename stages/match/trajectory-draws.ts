/**
 * Everything that MTT draws, as functions of the seed and the iteration: an expert, an epoch to start at, the student's
 * mini-batches and their augmentations. Experts come in a random order, each once before any comes again.
 */
import { studentBatches } from '../../methods/mtt.ts';
import { drawParameters, drawsOf, drawToken, type Token } from '../../nn/augment/dsa.ts';
import type { StepInputs } from '../../nn/trajectory/unroll.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { floats } from '../../tensor/tensor.ts';
import type { Seed } from '../stage.ts';

export interface TrajectoryDrawSettings {
  readonly seed: Seed;
  readonly experts: number;
  readonly maxStartEpoch: number;
  readonly studentSteps: number;
  /** Synthetic images, and how many of them a step takes. */
  readonly images: number;
  readonly batch: number;
  readonly tokens: readonly Token[];
  readonly height: number;
  readonly width: number;
}

export interface TrajectoryDraw {
  readonly expert: number;
  readonly epoch: number;
  /** Of the student; the kind of a step is its number of images. */
  readonly steps: readonly StepInputs[];
}

export function drawsOfTrajectory(settings: TrajectoryDrawSettings): (iteration: number) => TrajectoryDraw {
  const { seed, experts, maxStartEpoch, studentSteps, images, batch, tokens } = settings;
  const [order, starts] = [randomStream(seed, 'match/experts'), randomStream(seed, 'match/start')];
  const batches = randomStream(seed, 'match/student-batches');
  const augmentations = randomStream(seed, 'match/student-augmentation');

  const augmentationOf = (step: number, count: number): Pick<StepInputs, 'view' | 'feeds'> => {
    if (tokens.length === 0) return {};
    const [first = 0, ...rest] = augmentations.uniform(step, 1 + count * Math.max(...tokens.map(drawsOf)));
    const view = drawToken(tokens, first);
    const drawn = Object.entries(drawParameters(view, rest, count, settings));
    return { view, feeds: Object.fromEntries(drawn.map(([name, values]) => [name, floats(values)])) };
  };

  return (iteration) => {
    // A step on all images sees them in the order of the set: nothing in it depends on the order.
    const chosen = batch < images ? studentBatches(batches, iteration, images, batch, studentSteps) : undefined;
    return {
      expert: order.permutation(Math.floor(iteration / experts), experts)[iteration % experts] ?? 0,
      epoch: starts.integers(iteration, 1, maxStartEpoch)[0] ?? 0,
      steps: Array.from({ length: studentSteps }, (_, step) => {
        const rows = chosen?.[step];
        const count = rows?.length ?? images;
        return {
          kind: String(count),
          ...(rows && { rows: { images: rows, labels: rows } }),
          ...augmentationOf(iteration * studentSteps + step, count),
        };
      }),
    };
  };
}
