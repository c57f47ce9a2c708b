/**
 * Our side of the benchmarks of student steps, a process of its own so that its memory can be told. Without tokens: T steps of
 * MTT and the exact gradient through them in images and step size. With tokens: one step on a batch that DSA augments, a
 * token a step in turn, an own draw for each image.
 *
 * Speaks JSON lines as the peers do. Its first answer comes when engine, weights and images are loaded and idle;
 * peaks count from there.
 */
import { createInterface } from 'node:readline';
import { unwrap } from '../../base/result.ts';
import { matchingLoss, studentStep } from '../../methods/mtt.ts';
import { drawParameters, drawsOf, type Token } from '../../nn/augment/dsa.ts';
import { initialise } from '../../nn/init.ts';
import { buildNetwork, type Network } from '../../nn/network.ts';
import { FinalLoss } from '../../nn/trajectory/final-loss.ts';
import { type Course, Unroll } from '../../nn/trajectory/unroll.ts';
import { dsaView } from '../../nn/trajectory/view.ts';
import { convolutionOn } from '../../nn/winograd.ts';
import type { Backend } from '../../tensor/backends/backend.ts';
import { openBackend } from '../../tensor/backends/open.ts';
import { compile } from '../../tensor/compile/compile.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import { add } from '../../tensor/ops/index.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { floats, ints, scalar, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { peakMemory, resetPeak, residentMemory } from './memory.ts';

export interface StudentConfiguration {
  readonly backend: string;
  readonly threads: number;
  readonly width: number;
  readonly images: number;
  /** T */
  readonly length: number;
  /** Bytes of activations that steps may keep. */
  readonly keepActivations: number;
  readonly tokens: readonly Token[];
}

const CLASSES = 10;
const IMAGE = { channels: 3, height: 32, width: 32 };
const random = randomStream({ base: 0 }, 'bench');

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const configuration = JSON.parse((await lines.next()).value) as StudentConfiguration;
const backend = unwrap(await openBackend(configuration.backend, { threads: configuration.threads }));
const x = input('x', []);
await (await compile(backend, { y: add(x, x) })).run({ x: scalar(1) });
const network = unwrap(
  buildNetwork({ kind: 'convnet', width: configuration.width }, { ...IMAGE, classes: CLASSES }, convolutionOn(backend)),
);
const data = loaded(network, configuration);
globalThis.gc?.();
const idle = residentMemory();
process.stdout.write(`${JSON.stringify({ idle })}\n`);

const step = await (configuration.tokens.length > 0 ? studentSteps : trajectory)(backend, data, configuration);
resetPeak();
for await (const line of lines) {
  const ms: number[] = [];
  const cpu: number[] = [];
  for (let left = (JSON.parse(line) as { steps: number }).steps; left > 0; left--) {
    const [start, used] = [performance.now(), process.cpuUsage()];
    await step();
    const { user, system } = process.cpuUsage(used);
    ms.push(performance.now() - start);
    cpu.push((user + system) / 1e3);
  }
  process.stdout.write(`${JSON.stringify({ ms, cpu, peak: peakMemory() - idle })}\n`);
}

interface Data {
  readonly network: Network;
  readonly start: Record<string, Tensor>;
  readonly target: Record<string, Tensor>;
  readonly arrays: Course['arrays'];
}

function loaded(network: Network, { images }: StudentConfiguration): Data {
  const shape = [images, IMAGE.channels, IMAGE.height, IMAGE.width];
  const arrays = {
    images: floats(Float32Array.from(random.normal(2, sizeOf(shape))), shape),
    labels: ints(Int32Array.from({ length: images }, (_, index) => index % CLASSES)),
    rate: scalar(0.01),
  };
  return { network, start: initialise(network, random, 0), target: initialise(network, random, 1), arrays };
}

async function trajectory(backend: Backend, { network, start, target, arrays }: Data, options: StudentConfiguration) {
  const { images: count, keepActivations, length } = options;
  const graphs = { step: () => studentStep(network, { count, labels: 'hard' }) };
  const unroll = new Unroll(backend, graphs, { keepActivations });
  const { loss, student } = matchingLoss(network);
  const distance = await FinalLoss.compile(backend, loss, student);
  const steps = Array.from({ length }, () => ({}));
  const prefixed = (prefix: string, values: Record<string, Tensor>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]));
  const fixed = { ...prefixed('start', start), ...prefixed('target', target) };
  return async () => {
    const run = await unroll.forward({ start, arrays, steps });
    const { cotangents } = await distance.at({ ...run.final, ...fixed });
    await unroll.backward(run, cotangents);
  };
}

async function studentSteps(backend: Backend, { network, start, arrays }: Data, options: StudentConfiguration) {
  const { images: count, tokens } = options;
  const graph = studentStep(network, { count, labels: 'hard' });
  const unroll = new Unroll(backend, {
    step: () => graph,
    view: (token) => dsaView('images', graph.learned.images as Expr, token as Token),
  });
  let turn = 0;
  return async () => {
    const view = tokens[turn % tokens.length] as Token;
    const uniforms = random.uniform(turn++, drawsOf(view) * count);
    const drawn = drawParameters(view, uniforms, count, IMAGE);
    const feeds = Object.fromEntries(Object.entries(drawn).map(([name, values]) => [name, floats(values)]));
    await unroll.forward({ start, arrays, steps: [{ view, feeds }] });
  };
}
