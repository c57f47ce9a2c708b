/**
 * The steps that distillation is made of, each against PyTorch on as many threads: a training step (cross-entropy and all
 * parameter gradients) and a gradient-matching step (double backward to the images). 3 x 32 x 32 images, ten classes.
 * `torch.compile` takes part in training steps; it does not differentiate twice.
 */
import { unwrap } from '../base/result.ts';
import { gradientDistance, parameterGradients } from '../methods/dc.ts';
import { initialise } from '../nn/init.ts';
import { crossEntropy } from '../nn/losses.ts';
import { buildNetwork, type Network, type NetworkSpec, networkInputs } from '../nn/network.ts';
import { convolutionOn } from '../nn/winograd.ts';
import type { Backend } from '../tensor/backends/backend.ts';
import { openBackend } from '../tensor/backends/open.ts';
import { compile } from '../tensor/compile/compile.ts';
import { type Expr, input } from '../tensor/expr.ts';
import { gradient } from '../tensor/gradient.ts';
import { randomStream } from '../tensor/random/stream.ts';
import { floats, ints, type Shape, sizeOf, type Tensor } from '../tensor/tensor.ts';
import { type Benchmark, median, timed } from './benchmark.ts';
import { Peer } from './peer.ts';
import { studentRows } from './steps/students.ts';

const CLASSES = 10;
const random = randomStream({ base: 0 }, 'bench');

interface Work {
  readonly name: string;
  readonly kind: 'train' | 'match';
  readonly network: NetworkSpec;
  readonly images: number;
  readonly steps: number;
}

const WORKS: readonly Work[] = [
  { name: 'train W128', kind: 'train', network: { kind: 'convnet', width: 128 }, images: 256, steps: 3 },
  { name: 'train W32', kind: 'train', network: { kind: 'convnet', width: 32 }, images: 256, steps: 8 },
  { name: 'match W128', kind: 'match', network: { kind: 'convnet', width: 128 }, images: 10, steps: 12 },
  { name: 'match W32', kind: 'match', network: { kind: 'convnet', width: 32 }, images: 10, steps: 30 },
  {
    name: 'train ResNet18',
    kind: 'train',
    network: { kind: 'resnet', depth: 18, norm: 'instance' },
    images: 64,
    steps: 2,
  },
];

export const steps: Benchmark = async (options, findings) => {
  const { quick, threads, backend } = options;
  const { figure, ratio, note } = findings;
  const opened = unwrap(await openBackend(backend, { threads }));
  for (const work of WORKS.filter(({ name }) => !options.only || name.includes(options.only))) {
    const ours = await openWork(opened, work);
    const peers = await Promise.all(
      (work.kind === 'train' ? [false, true] : [false]).map(async (compiled) => {
        const { kind, width } = work.network as { kind: string; width?: number };
        const network = kind === 'resnet' ? 'resnet18' : 'convnet';
        const { peer } = await Peer.start('steps.py', 'torch', {
          threads,
          work: work.kind,
          network,
          width: width ?? 0,
          images: work.images,
          compiled,
        });
        return { peer, name: compiled ? 'torch.compile' : 'PyTorch eager', times: [] as number[] };
      }),
    );
    note(`${work.name}: ${backend}, ${threads} threads, ${work.images} images`);

    // Warm: compilation and first touches count on neither side.
    await timed(2, ours.step);
    for (const { peer } of peers) await peer.ask({ steps: 2 });
    const mine: number[] = [];
    for (let round = 0; round < (quick ? 2 : 5); round++) {
      mine.push(...(await timed(work.steps, ours.step)));
      for (const { peer, times } of peers)
        times.push(...((await peer.ask({ steps: work.steps })) as { ms: number[] }).ms);
    }
    figure(`${work.name} ours`, median(mine), 'ms');
    for (const { peer, name, times } of peers) {
      peer.stop();
      figure(`${work.name} ${name}`, median(times), 'ms');
      ratio(`${work.name} over ${name}`, median(mine) / median(times));
    }
    ours.close();
  }
  if (!options.only || 'trajectory student'.includes(options.only)) await studentRows(options, findings);
};

async function openWork(backend: Backend, work: Work): Promise<{ step(): Promise<unknown>; close(): void }> {
  const images = { channels: 3, height: 32, width: 32, classes: CLASSES };
  const network = unwrap(buildNetwork(work.network, images, convolutionOn(backend)));
  const { outputs, feeds } = work.kind === 'train' ? trainStep(network, work.images) : matchStep(network, work.images);
  const program = await compile(backend, outputs);
  const all = { ...initialise(network, random, 0), ...feeds };
  return { step: () => program.run(all), close: () => program.dispose() };
}

interface Step {
  readonly outputs: Readonly<Record<string, Expr>>;
  readonly feeds: Readonly<Record<string, Tensor>>;
}

function noise(step: number, shape: Shape): Tensor {
  return floats(Float32Array.from(random.normal(step, sizeOf(shape))), shape);
}

/** The loss of a batch and its gradient in every parameter. */
function batchGradients(
  network: Network,
  count: number,
): { images: Expr; gradients: readonly Expr[]; feeds: Step['feeds'] } {
  const images = input('images', [count, 3, 32, 32]);
  const values = networkInputs(network);
  const { logits } = network.apply(images, values, 'train');
  const loss = crossEntropy(logits, input('labels', [count], 'int'));
  const parameters = network.parameters.map(({ name }) => values[name] as Expr);
  const labels = ints(Int32Array.from({ length: count }, (_, index) => index % CLASSES));
  return { images, gradients: parameterGradients(loss, parameters), feeds: { images: noise(1, images.shape), labels } };
}

function named(prefix: string, network: Network, values: readonly Expr[]): Record<string, Expr> {
  return Object.fromEntries(network.parameters.map(({ name }, index) => [`${prefix}.${name}`, values[index] as Expr]));
}

function trainStep(network: Network, count: number): Step {
  const { gradients, feeds } = batchGradients(network, count);
  return { outputs: named('gradient', network, gradients), feeds };
}

function matchStep(network: Network, count: number): Step {
  const { images, gradients, feeds } = batchGradients(network, count);
  const targets = network.parameters.map(({ name, shape }) => input(`target.${name}`, shape));
  const [slope] = gradient(gradientDistance(targets, gradients), [images]) as [Expr];
  const target = network.parameters.map(({ name, shape }, index) => [`target.${name}`, noise(2 + index, shape)]);
  return { outputs: { slope }, feeds: { ...feeds, ...Object.fromEntries(target) } };
}
