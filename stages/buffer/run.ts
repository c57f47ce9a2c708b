/**
 * An expert's parameters are held while it is trained; when it is done its file goes into the store and only the file's name
 * stays in the state, so that memory does not grow with the number of experts. Those of `earlier` are named, not read.
 */
import type { JsonObject } from '../../base/json.ts';
import { evaluationDecayEpoch, stepDecay } from '../../nn/schedules.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { demandFinite } from '../finite.ts';
import { openRealTraining } from '../open-real-training.ts';
import { trainOnce } from '../real-training.ts';
import type { StageContext, StageRun, StoredFile } from '../stage.ts';
import { encodeTrajectory, fileOfExpert } from '../trajectories.ts';

/** More than there may be, so that no two epochs of any expert draw the same. */
const MOST_EPOCHS = 2 ** 20;

type Tensors = Readonly<Record<string, Tensor>>;

export async function openBuffer(context: StageContext): Promise<StageRun> {
  const { params, inputs, files, report } = context;
  const { set, network, space, training, test, real, shuffles, fresh, close } = openRealTraining(context, 'buffer');
  const [experts, epochs] = [params.experts as number, params.epochs as number];
  const { earlier } = inputs;
  /** Experts that are there already: this stage's go on counting. */
  const first = earlier?.files.length ?? 0;
  const names = network.parameters.map(({ name }) => name);
  const decayEpoch = params.decay ? evaluationDecayEpoch(epochs) : Number.POSITIVE_INFINITY;
  const rateFactor = params.decay ? stepDecay([decayEpoch]) : () => 1;
  const origin = { network, set: set.name, whitening: space.whitening };

  /** `tensors`: all snapshots of the expert so far, and the last one's optimiser and buffers. */
  const trained = async (tensors: Tensors, expert: number, epoch: number) => {
    const before = epoch === 0 ? fresh(expert) : { ...next(tensors), ...snapshot(tensors, expert, epoch, names) };
    const cleared = epoch === decayEpoch ? { ...before, ...training.momentum() } : before;
    const rate = (params.learningRate as number) * rateFactor(epoch);
    const pass = await trainOnce(real, cleared, { shuffles, pass: expert * MOST_EPOCHS + epoch, rate });
    const kept = Object.entries(tensors).filter(([name]) => !name.startsWith(NEXT));
    const others = Object.keys(pass.tensors).filter((name) => !names.includes(name));
    const after: Tensors = {
      ...Object.fromEntries(kept),
      ...(epoch === 0 && named(`${expert}.0.`, before, names)),
      ...named(`${expert}.${epoch + 1}.`, pass.tensors, names),
      ...named(NEXT, pass.tensors, others),
    };
    return { pass, after };
  };
  const put = (tensors: Tensors, expert: number): StoredFile => {
    const snapshots = Array.from({ length: epochs + 1 }, (_, epoch) => snapshot(tensors, expert, epoch, names));
    return files.put(encodeTrajectory(snapshots, origin));
  };
  /** An expert whose file has gone from the store since it was made. */
  const again = async (expert: number): Promise<StoredFile> => {
    let tensors: Tensors = {};
    for (let epoch = 0; epoch < epochs; epoch++) tensors = (await trained(tensors, expert, epoch)).after;
    return put(tensors, expert);
  };

  return {
    steps: experts * epochs,
    init: () => ({ tensors: {}, values: { accuracies: [], loss: 0, files: {} } }),
    async step({ tensors, values }, index) {
      const [expert, epoch] = [first + Math.floor(index / epochs), index % epochs];
      const { pass, after } = await trained(tensors, expert, epoch);
      demandFinite('buffer', index, { loss: pass.loss, tensors: pass.tensors }, 'Lower `learningRate`.');
      const done = epoch + 1 === epochs;
      const tested = done ? (await test.on(space, set.test, pass.tensors)).accuracy : undefined;
      report({ loss: pass.loss, accuracy: pass.accuracy, ...(tested !== undefined && { expertAccuracy: tested }) });
      return {
        tensors: done ? {} : after,
        values: {
          accuracies: [...(values.accuracies as number[]), ...(tested === undefined ? [] : [tested])],
          loss: pass.loss,
          files: {
            ...(values.files as JsonObject),
            ...(done && { [fileOfExpert(expert)]: { ...put(after, expert) } }),
          },
        },
      };
    },
    async finish({ values }) {
      const made = values.files as Readonly<Record<string, JsonObject>>;
      const trajectories: Record<string, StoredFile> = {};
      for (const name of earlier?.files ?? []) if (earlier) trajectories[name] = earlier.describe(name);
      for (let expert = first; expert < first + experts; expert++) {
        const name = fileOfExpert(expert);
        const file = made[name] as StoredFile | undefined;
        trajectories[name] = file && files.has(file) ? file : await again(expert);
      }
      const accuracies = values.accuracies as number[];
      const accuracy = accuracies.reduce((sum, value) => sum + value, 0) / accuracies.length;
      return {
        artifacts: { trajectories: {} },
        stored: { trajectories },
        metrics: { expertAccuracy: accuracy, trainLoss: values.loss as number },
      };
    },
    close,
  };
}

const NEXT = 'next.';

function next(tensors: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).flatMap(([name, value]) =>
      name.startsWith(NEXT) ? [[name.slice(NEXT.length), value]] : [],
    ),
  );
}

function snapshot(tensors: Tensors, expert: number, epoch: number, names: readonly string[]): Tensors {
  return Object.fromEntries(names.map((name) => [name, tensors[`${expert}.${epoch}.${name}`] as Tensor]));
}

function named(prefix: string, tensors: Tensors, names: readonly string[]): Tensors {
  return Object.fromEntries(names.map((name) => [`${prefix}${name}`, tensors[name] as Tensor]));
}
