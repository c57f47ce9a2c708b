/** The backward loop against the gradient of the whole unrolled graph, in float64; every optimiser, everything learned. */
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { openBackend } from '../../tensor/backends/open.ts';
import { compile } from '../../tensor/compile/compile.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import { gradient } from '../../tensor/gradient.ts';
import { add, mul, softmax, square, sub, sum } from '../../tensor/ops/index.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { floats, type Shape, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { drawParameters, drawsOf, type Token } from '../augment/dsa.ts';
import { initialise } from '../init.ts';
import { crossEntropy } from '../losses.ts';
import { buildNetwork, type NetworkSpec, networkInputs } from '../network.ts';
import { adam, adamW, type Optimiser, sgd } from '../optimisers.ts';
import { wholeGraph } from './testing/whole-graph.ts';
import { type Named, startOf, type TrainingStep, trainingStep } from './training-step.ts';
import { type StepInputs, Unroll } from './unroll.ts';
import { dsaView, type View } from './view.ts';

const random = randomStream({ base: 3 }, 'trajectory');
const CLASSES = 3;
const IMAGES = 5;
const IMAGE: Shape = [2, 6, 6];

function noise(step: number, shape: Shape): Tensor {
  return floats(random.normal(step, sizeOf(shape)), shape);
}

interface Case {
  readonly optimiser: Optimiser;
  readonly network?: NetworkSpec;
  readonly batch?: number;
  readonly steps?: readonly StepInputs[];
  readonly tokens?: readonly Token[];
  readonly keepActivations?: number;
  /** All images are zero. */
  readonly blank?: boolean;
}

const FULL: readonly StepInputs[] = [0, 1, 2].map((step) => ({ rows: { rate: [step] } }));
const SMOOTH: NetworkSpec = { kind: 'convnet', width: 3, depth: 1, activation: 'sigmoid', norm: 'none' };

/** Gradients of ½‖θ_T - target‖² in everything, by the backward loop and by the whole graph. */
async function both(
  backendName: string,
  { optimiser, network = SMOOTH, batch = IMAGES, steps = FULL, tokens = [], keepActivations = 0, blank = false }: Case,
) {
  const backend = unwrap(await openBackend(backendName, { threads: 1 }));
  const [channels = 1, height = 1, width = 1] = IMAGE;
  const net = unwrap(buildNetwork(network, { channels, height, width, classes: CLASSES }));
  const values = networkInputs(net);
  const parameters = Object.fromEntries(net.parameters.map(({ name }) => [name, values[name] as Expr]));
  const images = input('images', [batch, ...IMAGE]);
  const logits = input('labels', [batch, CLASSES]);
  const rate = input('rate', []);
  const pass = net.apply(images, values, 'train');
  const step: TrainingStep = trainingStep({
    loss: crossEntropy(pass.logits, softmax(logits)),
    parameters,
    optimiser,
    rate,
    learned: { images, labels: logits, rate },
  });
  const views: Record<string, View> = Object.fromEntries(
    tokens.map((token) => [token, dsaView('images', images, token)]),
  );
  const initial = initialise(net, random, 0);
  const start = startOf(
    optimiser,
    Object.fromEntries(Object.keys(parameters).map((name) => [name, initial[name] as Tensor])),
  );
  const arrays = {
    images: blank ? floats(new Float64Array(IMAGES * sizeOf(IMAGE)), [IMAGES, ...IMAGE]) : noise(1, [IMAGES, ...IMAGE]),
    labels: noise(2, [IMAGES, CLASSES]),
    rate: floats(Float64Array.from(steps, (_, index) => 0.05 + 0.01 * index)),
  };
  const target = Object.fromEntries(
    Object.entries(start).map(([name, { shape }], index) => [name, noise(10 + index, shape)]),
  );

  const unroll = new Unroll(backend, { step: () => step, view: (name) => views[name] as View }, { keepActivations });
  // One before it, from elsewhere: the arrays of what its steps have kept are written over.
  const earlier = await unroll.forward({ start: target, arrays, steps });
  await unroll.backward(earlier, earlier.final);
  const trajectory = await unroll.forward({ start, arrays, steps });
  const cotangents = Object.fromEntries(
    Object.entries(trajectory.final).map(([name, { data, shape }]) => [
      name,
      floats(
        Float64Array.from(data, (value, index) => value - target[name]!.data[index]!),
        shape,
      ),
    ]),
  );
  const found = await unroll.backward(trajectory, cotangents);

  const inputsOf = (tensors: Named<Tensor>) =>
    Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, input(`whole.${name}`, shape)]));
  const [from, learned] = [inputsOf(start), inputsOf(arrays)];
  const final = wholeGraph(step, from, learned, { arrays: {}, steps, views });
  const loss = Object.entries(final)
    .map(([name, value]) => mul(sum(square(sub(value, input(`target.${name}`, value.shape)))), 0.5))
    .reduce((total, part) => add(total, part));
  const wrt = { ...learned, ...from };
  const slopes = gradient(loss, Object.values(wrt));
  const program = await compile(
    backend,
    Object.fromEntries(Object.keys(wrt).map((name, index) => [name, slopes[index] as Expr])),
  );
  const prefixed = (prefix: string, tensors: Named<Tensor>) =>
    Object.fromEntries(Object.entries(tensors).map(([name, value]) => [`${prefix}.${name}`, value]));
  const want = await program.run({ ...prefixed('whole', { ...start, ...arrays }), ...prefixed('target', target) });
  await unroll.dispose();
  return { got: { ...found.learned, ...found.start } as Record<string, Tensor>, want };
}

function expectEqual({ got, want }: { got: Named<Tensor>; want: Named<Tensor> }, tolerance = 1e-10) {
  for (const [name, { data }] of Object.entries(want)) {
    const size = Math.max(...Array.from(data, Math.abs));
    const error = Math.max(...Array.from(data, (value, index) => Math.abs(value - got[name]!.data[index]!)));
    expect(error, name).toBeLessThanOrEqual(tolerance * size + 1e-12);
  }
}

describe('the gradient through a trajectory is that of the unrolled graph', () => {
  it.each<[string, Optimiser]>([
    ['sgd', sgd()],
    ['sgd with weight decay', sgd({ weightDecay: 0.1 })],
    ['sgd with momentum', sgd({ momentum: 0.9 })],
    ['sgd with Nesterov momentum and weight decay', sgd({ momentum: 0.8, nesterov: true, weightDecay: 0.05 })],
    ['adam', adam()],
    ['adam with weight decay', adam({ betas: [0.5, 0.9], weightDecay: 0.02 })],
    ['adamW', adamW()],
  ])('%s', async (_, optimiser) => {
    expectEqual(await both('reference', { optimiser }));
  });

  it.each<[string, NetworkSpec]>([
    ['instance norm and relu', { kind: 'convnet', width: 3, depth: 2 }],
    ['batch norm', { kind: 'convnet', width: 3, depth: 1, norm: 'batch', pooling: 'max' }],
    ['a network of linear layers', { kind: 'mlp' }],
  ])('%s', async (_, network) => {
    expectEqual(await both('reference', { optimiser: sgd(), network }));
  });

  it('adam where gradients are exactly zero: pixels that are zero in all images', async () => {
    const { got } = await both('reference', { optimiser: adam(), network: { kind: 'mlp' }, blank: true });
    for (const [name, { data }] of Object.entries(got)) expect(data.every(Number.isFinite), name).toBe(true);
  });

  it('mini-batches whose rows repeat, in any order', async () => {
    const batches = [
      [3, 1],
      [0, 3],
      [4, 4],
      [1, 2],
    ];
    const steps = batches.map((batch, step) => ({ rows: { images: batch, labels: batch, rate: [step] } }));
    expectEqual(await both('reference', { optimiser: sgd(), batch: 2, steps }));
  });

  it('an augmentation of each step, with its own draws', async () => {
    const tokens: readonly Token[] = ['color', 'rotate', 'crop'];
    const steps = tokens.map((view, step) => {
      const uniforms = random.uniform(step, drawsOf(view) * IMAGES);
      const drawn = drawParameters(view, uniforms, IMAGES, { height: 6, width: 6 });
      const feeds = Object.fromEntries(Object.entries(drawn).map(([name, values]) => [name, floats(values)]));
      return { view, feeds, rows: { rate: [step] } };
    });
    expectEqual(await both('reference', { optimiser: sgd({ momentum: 0.5 }), tokens, steps }));
  });

  it.each([
    ['all steps, all that is read', 1e9],
    ['one step of three, products only', 12_000],
  ])('with activations kept: %s', async (_, keepActivations) => {
    expectEqual(await both('reference', { optimiser: sgd({ momentum: 0.9 }), keepActivations }));
    const network: NetworkSpec = { kind: 'convnet', width: 3, depth: 2 };
    expectEqual(await both('reference', { optimiser: adam(), network, keepActivations }));
  });

  it.each([
    ['sgd', sgd(), 0],
    ['adam', adam({ epsilon: 1e-3 }), 0],
    ['sgd with activations kept', sgd(), 1e9],
  ] as const)('in single precision on onnxruntime: %s', async (_, optimiser, keepActivations) => {
    expectEqual(await both('onnxruntime', { optimiser, keepActivations }), 2e-5);
  });
});
