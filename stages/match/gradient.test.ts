/** DC and DSA: what their programs fold and cut, against the objective written out; loops, and what is refused. */
import { beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { bundledFolder, openDataSet } from '../../data/registry.ts';
import { type GradientDistance, gradientDistance, parameterGradients } from '../../methods/dc.ts';
import { initialise } from '../../nn/init.ts';
import { crossEntropy } from '../../nn/losses.ts';
import { buildNetwork, type NetworkSpec, networkInputs } from '../../nn/network.ts';
import { compile } from '../../tensor/compile/compile.ts';
import { input } from '../../tensor/expr.ts';
import { decodeSafetensors } from '../../tensor/files/safetensors.ts';
import { gradient } from '../../tensor/gradient.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { ints } from '../../tensor/tensor.ts';
import { backendFor, openStage, runStage } from '../../test/rig/stage-runs.ts';
import type { ArtifactFiles } from '../stage.ts';
import { loopsOf, loopsProblems } from './gradient-parameters.ts';
import { classProgram } from './gradient-program.ts';
import { realImagesOf } from './real-images.ts';

const network: JsonObject = { kind: 'convnet', width: 8, depth: 2 };
const set = unwrap(openDataSet('fashion-mnist', bundledFolder('fashion-mnist')));
let start: ArtifactFiles;

beforeAll(async () => {
  start = (await runStage({ kind: 'select', params: { imagesPerClass: 1 } })).artifacts.images!;
});

it.each<[GradientDistance, NetworkSpec]>([
  ['ours', { kind: 'convnet', width: 8 }],
  ['cos', { kind: 'convnet', width: 8 }],
  ['mse', { kind: 'convnet', width: 8 }],
  // Norms whose parameters are matched, and families without any.
  ['ours', { kind: 'convnet', width: 8, norm: 'layer' }],
  ['ours', { kind: 'lenet' }],
  ['ours', { kind: 'mlp' }],
])('%s, %j: chunks, folded norms and left-out gradients change nothing', async (distance, spec) => {
  const built = unwrap(buildNetwork(spec, { channels: 1, height: 28, width: 28, classes: 10 }));
  const images = realImagesOf(set);
  // Three chunks of the program, the last one smaller.
  const real = await images.read(
    3,
    Int32Array.from({ length: 40 }, (_, at) => at),
  );
  const synthetic = await images.read(3, Int32Array.from([77, 91]));
  const backend = await backendFor();
  const values = initialise(built, randomStream({ base: 4 }, 'test'), 0);

  const inputs = networkInputs(built);
  const parameters = built.parameters.map(({ name }) => inputs[name]!);
  const side = (name: string, count: number) => {
    const seen = input(name, [count, 1, 28, 28]);
    const labels = input(`${name}.labels`, [count], 'int');
    return {
      seen,
      slopes: parameterGradients(crossEntropy(built.apply(seen, inputs, 'train').logits, labels), parameters),
    };
  };
  const [ofReal, ofSynthetic] = [side('real', 40), side('images', 2)];
  const loss = gradientDistance(ofReal.slopes, ofSynthetic.slopes, distance);
  const whole = await compile(backend, { loss, slope: gradient(loss, [ofSynthetic.seen])[0]! });
  const labels = { 'real.labels': ints(Array(40).fill(3)), 'images.labels': ints([3, 3]) };
  const expected = await whole.run({ ...values, ...labels, real, images: synthetic });

  for (const fresh of [true, false]) {
    const settings = { network: built, distance, batchReal: 40, imagesPerClass: 2, token: undefined, fresh };
    const program = await compile(backend, classProgram(settings));
    const found = await program.run({ ...values, real, images: synthetic, label: ints([3]) });
    expect(found.loss!.data[0]! / expected.loss!.data[0]!).toBeCloseTo(1, 4);
    const scale = Math.max(...expected.slope!.data.map(Math.abs));
    expect(scale).toBeGreaterThan(0);
    for (const [at, value] of found.slope!.data.entries())
      expect(Math.abs(value - expected.slope!.data[at]!) / scale).toBeLessThan(1e-3);
    program.dispose();
  }
  whole.dispose();
});

it('brings the gradients together', async () => {
  const { figures, artifacts } = await runStage({
    kind: 'match',
    params: { method: 'dc', iterations: 40, batchReal: 20, network },
    inputs: { start },
  });
  const losses = figures.map(({ loss }) => loss!);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  // Rows of output units: at most 2 of each, so a class begins below twice their number.
  expect(losses[0]!).toBeLessThan(2 * (2 * 8 + 10));
  expect(mean(losses.slice(-10))).toBeLessThan(0.95 * mean(losses.slice(0, 10)));
  const { images } = unwrap(decodeSafetensors(artifacts.images!['synthetic.safetensors']!)).tensors;
  expect(images!.shape).toEqual([10, 1, 28, 28]);
});

it('takes the published loops where none are written', () => {
  expect(loopsOf({}, 1)).toEqual({ outerSteps: 1, networkEpochs: 1 });
  expect(loopsOf({}, 10)).toEqual({ outerSteps: 10, networkEpochs: 50 });
  expect(loopsOf({}, 50)).toEqual({ outerSteps: 50, networkEpochs: 10 });
  expect(loopsOf({ outerSteps: 4 }, 10)).toEqual({ outerSteps: 4, networkEpochs: 50 });
  expect(loopsOf({}, 3)).toBeUndefined();
  expect(loopsOf({ outerSteps: 1 }, 3)).toEqual({ outerSteps: 1, networkEpochs: 0 });
  const selected = { name: 'start', kind: 'select', params: { imagesPerClass: 3 }, inputs: {} };
  expect(loopsProblems({ method: 'dc' }, selected)[0]?.message).toMatch(/3 images per class/);
});

it('says that nobody has published loops where the set itself tells', async () => {
  const three = (await runStage({ kind: 'select', params: { imagesPerClass: 3 } })).artifacts.images!;
  const open = openStage({ kind: 'match', params: { method: 'dsa', network }, inputs: { start: three } });
  await expect(open).rejects.toMatchObject({ failure: { code: 'LOOPS_UNKNOWN' } });
});
