import { unwrap } from '../../base/result.ts';
import { encodeTeacher } from '../../nn/onnx/teacher.ts';
import { constantRate, cosineDecay, evaluationDecayEpoch, type Schedule, stepDecay } from '../../nn/schedules.ts';
import { encodeSafetensors } from '../../tensor/files/safetensors.ts';
import { demandFinite } from '../finite.ts';
import { openRealTraining } from '../open-real-training.ts';
import { trainOnce } from '../real-training.ts';
import type { StageContext, StageRun } from '../stage.ts';

const HELP = 'Lower `learningRate`.';

export async function openPretrain(context: StageContext): Promise<StageRun> {
  const { params, report } = context;
  const { set, network, space, training, test, real, shuffles, fresh, close } = openRealTraining(context, 'pretrain');
  const epochs = params.epochs as number;
  const { factor, clearedAt } = scheduleOf(params.schedule as string, epochs);

  return {
    steps: epochs,
    init: () => ({ tensors: fresh(0), values: { loss: 0 } }),
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
    close,
  };
}

/** `clearedAt`: the epoch that starts with a new optimiser. */
function scheduleOf(name: string, epochs: number): { factor: Schedule; clearedAt?: number } {
  if (name === 'cosine') return { factor: cosineDecay(epochs) };
  if (name === 'constant') return { factor: constantRate };
  const clearedAt = evaluationDecayEpoch(epochs);
  return { factor: stepDecay([clearedAt]), clearedAt };
}
