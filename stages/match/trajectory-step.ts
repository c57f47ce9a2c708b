/**
 * One iteration of MTT or TESLA on its own, without the engine: what the stage loops over and what a benchmark times. A
 * student is trained on the synthetic images from an expert's epoch t, its distance to epoch t + M is taken back through
 * all steps (`nn/trajectory`), and images and step size take a step of SGD with momentum.
 */
import { matchingLoss, studentStep } from '../../methods/mtt.ts';
import { assignedLabels, exactGradient, RELEASED_IMAGE_FACTOR, twoPassGradient } from '../../methods/tesla.ts';
import type { Token } from '../../nn/augment/dsa.ts';
import { type Network, networkInputs } from '../../nn/network.ts';
import { FinalLoss } from '../../nn/trajectory/final-loss.ts';
import { Unroll } from '../../nn/trajectory/unroll.ts';
import { dsaView } from '../../nn/trajectory/view.ts';
import type { Backend } from '../../tensor/backends/backend.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import { floats, scalar, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { programs } from '../programs.ts';
import { rows, stacked } from '../rows.ts';
import type { TrajectoryDraw } from './trajectory-draws.ts';

type Parameters = Readonly<Record<string, Tensor>>;

export interface TrajectorySettings {
  readonly network: Network;
  readonly backend: Backend;
  readonly gradient: 'exact' | 'published';
  /** Whether labels are the target's probabilities of this iteration, not the classes. */
  readonly softLabels: boolean;
  readonly learningRate: number;
  readonly momentum: number;
  readonly stepSizeLearningRate: number;
}

/** What moves: images [n, C, H, W], the student's step size α, and the velocity of each. */
export interface Followed {
  readonly images: Tensor;
  readonly velocity: Tensor;
  readonly stepSize: number;
  readonly stepSizeVelocity: number;
}

export interface TrajectoryStep {
  step(
    state: Followed,
    labels: Tensor,
    draw: TrajectoryDraw,
    expert: { readonly start: Parameters; readonly target: Parameters },
  ): Promise<Followed & { readonly loss: number; readonly softLabels?: Tensor }>;
  close(): void;
}

/** Bytes that a trajectory keeps so that its way back is faster; steps beyond it are computed again. */
const KEPT = 128e6;

/** Images whose labels the target network gives at a time. */
const CHUNK = 50;

/** Images of a step at a time where it is differentiated alone: as fast as all 100 at once, in three fifths of the memory at width 128. */
const STUDENT_CHUNK = 25;

export async function openTrajectoryStep(settings: TrajectorySettings): Promise<TrajectoryStep> {
  const { network, backend, gradient, softLabels } = settings;
  const student = (kind: string) =>
    studentStep(network, {
      count: Number(kind),
      labels: softLabels ? 'soft' : 'hard',
      ...(gradient === 'published' && { chunk: STUDENT_CHUNK }),
    });
  const unroll = new Unroll(
    backend,
    {
      step: student,
      view: (token, kind) => dsaView('images', student(kind).learned.images as Expr, token as Token),
    },
    { keepActivations: gradient === 'exact' ? KEPT : 0 },
  );
  const matching = matchingLoss(network);
  const distance = await FinalLoss.compile(backend, matching.loss, matching.student);
  const buffers = Object.fromEntries(
    network.buffers.map(({ name, shape, value }) => [name, floats(new Float32Array(sizeOf(shape)).fill(value), shape)]),
  );
  const labeller = openLabeller(backend, network, buffers);

  return {
    async step(state, labels, { steps }, { start, target }) {
      const assigned = softLabels ? await labeller.of(state.images, target) : undefined;
      const trajectory = await unroll.forward({
        start: { ...start, ...buffers },
        arrays: { images: state.images, labels: assigned ?? labels, rate: scalar(state.stepSize) },
        steps,
      });
      const ends = { ...prefixed('start', start), ...prefixed('target', target) };
      const { loss, cotangents } = await distance.at({ ...trajectory.final, ...ends });
      const back = gradient === 'exact' ? exactGradient : twoPassGradient;
      const { learned } = await back(unroll, trajectory, cotangents);
      const factor = gradient === 'published' ? RELEASED_IMAGE_FACTOR : 1;
      return {
        ...moved(state, learned.images as Tensor, learned.rate?.data[0] ?? Number.NaN, settings, factor),
        loss: loss.data[0] ?? Number.NaN,
        ...(assigned && { softLabels: assigned }),
      };
    },
    close() {
      labeller.close();
      distance.dispose();
      void unroll.dispose();
    },
  };
}

/** v ← μv + g; x ← x - η·v, of images and step size alike, in single precision. */
function moved(
  { images, velocity, stepSize, stepSizeVelocity }: Followed,
  slope: Tensor,
  stepSizeSlope: number,
  { learningRate, momentum, stepSizeLearningRate }: TrajectorySettings,
  factor: number,
): Followed {
  const nextVelocity = new Float32Array(images.data.length);
  const nextImages = new Float32Array(images.data.length);
  for (let at = 0; at < nextImages.length; at++) {
    const pace = momentum * (velocity.data[at] as number) + factor * (slope.data[at] as number);
    nextVelocity[at] = pace;
    nextImages[at] = (images.data[at] as number) - learningRate * pace;
  }
  const stepSizePace = Math.fround(momentum * stepSizeVelocity + stepSizeSlope);
  return {
    images: floats(nextImages, images.shape),
    velocity: floats(nextVelocity, images.shape),
    stepSize: Math.fround(stepSize - stepSizeLearningRate * stepSizePace),
    stepSizeVelocity: stepSizePace,
  };
}

/** Soft label assignment: the target's probabilities of the images as they are, in eval mode. */
function openLabeller(backend: Backend, network: Network, buffers: Parameters) {
  const compiled = programs(backend);
  const graph = (count: number) => {
    const { channels, height, width } = network.input;
    const images = input('images', [count, channels, height, width]);
    return { labels: assignedLabels(network.apply(images, networkInputs(network), 'eval').logits) };
  };
  return {
    async of(images: Tensor, target: Parameters): Promise<Tensor> {
      const parts: Tensor[] = [];
      const total = images.shape[0] ?? 0;
      for (let start = 0; start < total; start += CHUNK) {
        const count = Math.min(CHUNK, total - start);
        const program = await compiled.get(`${count}`, () => graph(count));
        const { labels } = await program.run({ ...target, ...buffers, images: rows(images, start, count) });
        parts.push(labels as Tensor);
      }
      return stacked(parts);
    },
    close: compiled.close,
  };
}

function prefixed(prefix: string, values: Parameters): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]));
}
