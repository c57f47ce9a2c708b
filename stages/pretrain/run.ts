/**
 * One step an epoch. The optimiser and its schedule are those of `evaluate` unless said otherwise, so that an upper bound
 * and the sets under it are trained alike; nothing is chosen by the test, which comes once, at the end.
 */
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { openDataSet } from '../../data/registry.ts';
import { initialise } from '../../nn/init.ts';
import { encodeTeacher } from '../../nn/onnx/teacher.ts';
import { constantRate, cosineDecay, evaluationDecayEpoch, type Schedule, stepDecay } from '../../nn/schedules.ts';
import { encodeSafetensors } from '../../tensor/files/safetensors.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { tokensOf } from '../augment-parameter.ts';
import { openAugmenter } from '../evaluate/augmenter.ts';
import { openTest } from '../evaluate/test-pass.ts';
import { openTraining } from '../evaluate/training.ts';
import { demandFinite } from '../finite.ts';
import { openImageSpace } from '../image-space.ts';
import { networkFor } from '../network-parameter.ts';
import { trainOnce } from '../real-training.ts';
import type { StageContext, StageRun } from '../stage.ts';

const HELP = 'Lower `learningRate`.';

export async function openPretrain({ params, seed, data, inputs, backend, report }: StageContext): Promise<StageRun> {
  const set = unwrap(openDataSet(data.set, data.folder));
  const network = networkFor(params.network as JsonObject, set);
  const space = openImageSpace(set, backend, inputs.whitening);
  const epochs = params.epochs as number;
  const { factor, clearedAt } = scheduleOf(params.schedule as string, epochs);
  const shuffles = randomStream(seed, 'pretrain/shuffle');
  const augmenter = openAugmenter(backend, tokensOf(params.augment as string), randomStream(seed, 'pretrain/augment'));
  const training = openTraining(backend, network, {
    momentum: params.momentum as number,
    weightDecay: params.weightDecay as number,
    counts: true,
  });
  const test = openTest(backend, network);
  const real = {
    ...{ set, space, augmenter, training },
    images: (params.images as number | undefined) ?? set.train.count,
    batchSize: params.batchSize as number,
  };

  return {
    steps: epochs,
    init: () => ({
      tensors: { ...initialise(network, randomStream(seed, 'pretrain/network'), 0), ...training.momentum() },
      values: { loss: 0 },
    }),
    async step({ tensors }, epoch) {
      const before = epoch === clearedAt ? { ...tensors, ...training.momentum() } : tensors;
      const rate = (params.learningRate as number) * factor(epoch);
      const pass = await trainOnce(real, before, { shuffles, pass: epoch, rate });
      demandFinite('pretrain', epoch, { loss: pass.loss, tensors: pass.tensors }, HELP);
      report({ loss: pass.loss, accuracy: pass.accuracy });
      return { tensors: pass.tensors, values: { loss: pass.loss } };
    },
    async finish({ tensors, values }) {
      const { accuracy, loss } = await test.on(space, set.test, tensors);
      const metrics = { accuracy, testLoss: loss, trainLoss: values.loss as number };
      const own = [...network.parameters, ...network.buffers].map(({ name }) => [name, tensors[name]] as const);
      const weights = Object.fromEntries(own.flatMap(([name, value]) => (value ? [[name, value]] : [])));
      const metadata = {
        set: set.name,
        ...(space.whitening === undefined
          ? { mean: JSON.stringify(set.mean), std: JSON.stringify(set.std) }
          : { whitening: space.whitening }),
      };
      const file = new TextEncoder().encode(`${JSON.stringify({ ...metrics, testImages: set.test.count }, null, 2)}\n`);
      return {
        artifacts: {
          network: {
            'network.onnx': unwrap(encodeTeacher({ network, values: weights, metadata })),
            'network.safetensors': encodeSafetensors(weights, metadata),
          },
          metrics: { 'metrics.json': file },
        },
        metrics,
      };
    },
    close() {
      for (const part of [space, augmenter, training, test]) part.close();
    },
  };
}

/** `clearedAt`: the epoch that starts with a new optimiser. */
function scheduleOf(name: string, epochs: number): { factor: Schedule; clearedAt?: number } {
  if (name === 'cosine') return { factor: cosineDecay(epochs) };
  if (name === 'constant') return { factor: constantRate };
  const clearedAt = evaluationDecayEpoch(epochs);
  return { factor: stepDecay([clearedAt]), clearedAt };
}
