/**
 * One iteration of DD on its own, without the engine: networks take the learned steps on the images, the loss on real data
 * that they end with is taken back through all of them (`nn/trajectory`), and images and step sizes take a step of Adam.
 */
import { classificationLoss, courseOfSteps, innerStep, rawGradient, stepSizes } from '../../methods/dd.ts';
import { parametersOf } from '../../methods/mtt.ts';
import { type Network, networkInputs } from '../../nn/network.ts';
import { adam, scalarFeeds, scalarInputs } from '../../nn/optimisers.ts';
import { FinalLoss } from '../../nn/trajectory/final-loss.ts';
import { type StepInputs, type Trajectory, Unroll } from '../../nn/trajectory/unroll.ts';
import type { Backend } from '../../tensor/backends/backend.ts';
import { compile } from '../../tensor/compile/compile.ts';
import { input } from '../../tensor/expr.ts';
import { floats, ints, type Shape, scalar, type Tensor } from '../../tensor/tensor.ts';
import { rows } from '../rows.ts';
import type { StepsDraws } from './steps-draws.ts';

type Tensors = Readonly<Record<string, Tensor>>;

export interface StepsSettings {
  readonly network: Network;
  readonly backend: Backend;
  /** Of the set; the network may have one logit for two of them. */
  readonly classes: number;
  readonly imagesPerClass: number;
  readonly distillSteps: number;
  readonly distillEpochs: number;
  readonly networkDraws: number;
  readonly learningRate: number;
  /** β₁ of Adam. */
  readonly momentum: number;
  readonly decayPasses: number;
}

/** β₂ of Adam, and what the rate falls by: of the released script. */
const SECOND = 0.999;
const DECAY = 0.5;

/** Bytes that a trajectory keeps so that its way back is faster; steps beyond it are computed again. */
const KEPT = 128e6;

/** Real images whose loss is taken at a time, so that its maps are those of few images. */
const CHUNK = 128;

/** [T, n]: the images of each step, class by class; of a class, batch s has the s-th part. */
export function orderOf({ classes, imagesPerClass, distillSteps, distillEpochs }: StepsSettings): Tensor {
  const own = imagesPerClass / distillSteps;
  const [steps, batch] = [distillSteps * distillEpochs, classes * own];
  const order = Int32Array.from({ length: steps * batch }, (_, at) => {
    const [step, image] = [Math.floor(at / batch) % distillSteps, at % batch];
    return Math.floor(image / own) * imagesPerClass + step * own + (image % own);
  });
  return { ...ints(order), shape: [steps, batch] };
}

/** The steps of a trajectory from the images and labels that each takes. */
export function courseOf(order: Tensor, labels: Tensor): readonly StepInputs[] {
  const [steps = 0, batch = 0] = order.shape;
  return courseOfSteps(steps, 1, labels).map(({ rows: { rate } = {} }, step) => {
    const images = order.data.slice(step * batch, (step + 1) * batch);
    const own = ints(Int32Array.from(images, (image) => labels.data[image] ?? 0));
    return { rows: { images, ...(rate && { rate }) }, feeds: { labels: own } };
  });
}

/** The step of every network that learns from such images, `count` of them at a time. */
export function networkStep(network: Network, count: number) {
  const { channels, height, width } = network.input;
  const classify = (images: Parameters<typeof network.apply>[0], parameters: Parameters<typeof network.apply>[1]) =>
    network.apply(images, parameters, 'train').logits;
  return innerStep(classify, parametersOf(network), [count, channels, height, width]);
}

export async function openStepsStep(settings: StepsSettings, draws: StepsDraws) {
  const { network, backend, networkDraws, learningRate, decayPasses } = settings;
  const order = orderOf(settings);
  const step = networkStep(network, order.shape[1] ?? 0);
  const unroll = new Unroll(backend, { step: () => step }, { keepActivations: KEPT });
  const losses = new Map<number, Promise<FinalLoss>>();
  const optimiser = adam({ betas: [settings.momentum, SECOND] });
  const imagesShape = [settings.imagesPerClass * settings.classes, ...(step.learned.images?.shape.slice(1) ?? [])];
  const moved = { images: imagesShape, raw: [order.shape[0] ?? 0] };
  const update = await compile(backend, updateOf(moved, optimiser));

  /** L on real images, and its cotangents in the last state, by chunks. */
  const lossOf = async ({ final }: Trajectory, real: { images: Tensor; labels: Tensor }) => {
    const total = real.labels.data.length;
    const sums: Record<string, Float64Array> = {};
    let loss = 0;
    for (let start = 0; start < total; start += CHUNK) {
      const count = Math.min(CHUNK, total - start);
      const program = losses.get(count) ?? realLoss(backend, network, count);
      losses.set(count, program);
      const labels = ints(Int32Array.from(real.labels.data.subarray(start, start + count)));
      const found = await (await program).at({ ...final, real: rows(real.images, start, count), labels });
      const share = count / total;
      loss += share * (found.loss.data[0] ?? Number.NaN);
      for (const [name, slope] of Object.entries(found.cotangents)) {
        sums[name] ??= new Float64Array(slope.data.length);
        addTo(sums[name], slope, share);
      }
    }
    const cotangents = Object.entries(sums).map(([name, sum]) => [
      name,
      floats(Float32Array.from(sum), final[name]?.shape ?? []),
    ]);
    return { loss, cotangents: Object.fromEntries(cotangents) as Tensors };
  };

  return {
    order,
    /** The optimiser's tensors before any step. */
    start: () => optimiser.init({ images: { shape: moved.images }, raw: { shape: moved.raw } }),
    /** `tensors`: `images` [n, C, H, W], `raw` [T] and the optimiser's. */
    async step(tensors: Tensors, labels: Tensor, iteration: number): Promise<{ tensors: Tensors; loss: number }> {
      const { images, raw } = tensors as { images: Tensor; raw: Tensor };
      const real = draws.real(iteration);
      const slopes = { images: new Float64Array(images.data.length), raw: new Float64Array(raw.data.length) };
      let loss = 0;
      for (let draw = 0; draw < networkDraws; draw++) {
        const trajectory = await unroll.forward({
          start: draws.network(iteration, draw),
          arrays: { images, rate: float32(stepSizes(raw)) },
          steps: courseOf(order, labels),
        });
        const end = await lossOf(trajectory, real);
        const { learned } = await unroll.backward(trajectory, end.cotangents);
        const { images: slope, rate } = learned as { images: Tensor; rate: Tensor };
        addTo(slopes.images, slope, 1 / networkDraws);
        addTo(slopes.raw, rawGradient(rate, raw), 1 / networkDraws);
        loss += end.loss / networkDraws;
      }
      const halvings = Math.floor(draws.passes(iteration) / decayPasses);
      const next = await update.run({
        ...tensors,
        ...scalarFeeds(optimiser, iteration),
        'slope.images': floats(Float32Array.from(slopes.images), images.shape),
        'slope.raw': floats(Float32Array.from(slopes.raw), raw.shape),
        rate: scalar(learningRate * DECAY ** halvings),
      });
      return { tensors: next, loss };
    },
    close() {
      void unroll.dispose();
      update.dispose();
      for (const program of losses.values()) void program.then((opened) => opened.dispose());
    },
  };
}

function realLoss(backend: Backend, network: Network, count: number): Promise<FinalLoss> {
  const { channels, height, width } = network.input;
  const values = networkInputs(network);
  const { logits } = network.apply(input('real', [count, channels, height, width]), values, 'eval');
  return FinalLoss.compile(
    backend,
    classificationLoss(logits, input('labels', [count], 'int')),
    parametersOf(network, values),
  );
}

function updateOf(shapes: Readonly<Record<'images' | 'raw', Shape>>, optimiser: ReturnType<typeof adam>) {
  const of = (prefix: string) =>
    Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, input(`${prefix}${name}`, shape)]));
  const slots = Object.fromEntries(
    optimiser.slots.flatMap((slot) =>
      Object.entries(shapes).map(([name, shape]) => [`${slot}.${name}`, input(`${slot}.${name}`, shape)]),
    ),
  );
  const next = optimiser.update(of(''), of('slope.'), slots, input('rate', []), scalarInputs(optimiser));
  return { ...next.parameters, ...next.state };
}

function addTo(sums: Float64Array, { data }: Tensor, share: number): void {
  for (let at = 0; at < sums.length; at++) sums[at] = (sums[at] as number) + share * (data[at] as number);
}

export function float32({ data, shape }: Tensor): Tensor {
  return floats(Float32Array.from(data), shape);
}
