/**
 * One step an epoch of one expert, experts one after the other. The state holds what every expert has left behind, by
 * `expert.epoch.parameter`; what else an epoch hands to the next (momentum, statistics of batch norm) is under `next.`.
 * Expert k depends on the seed and k alone, not on how many there are or how long they train, nor on which of several
 * stages trains it.
 */
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { openDataSet } from '../../data/registry.ts';
import { initialise } from '../../nn/init.ts';
import { evaluationDecayEpoch, stepDecay } from '../../nn/schedules.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { tokensOf } from '../augment-parameter.ts';
import { openAugmenter } from '../evaluate/augmenter.ts';
import { openTest } from '../evaluate/test-pass.ts';
import { openTraining } from '../evaluate/training.ts';
import { demandFinite } from '../finite.ts';
import { openImageSpace } from '../image-space.ts';
import { networkFor } from '../network-parameter.ts';
import { trainOnce } from '../real-training.ts';
import type { StageContext, StageRun } from '../stage.ts';
import { encodeTrajectory, fileOfExpert } from '../trajectories.ts';

/** More than there may be, so that no two epochs of any expert draw the same. */
const MOST_EPOCHS = 2 ** 20;

type Tensors = Readonly<Record<string, Tensor>>;

export async function openBuffer({ params, seed, data, inputs, backend, report }: StageContext): Promise<StageRun> {
  const set = unwrap(openDataSet(data.set, data.folder));
  const network = networkFor(params.network as JsonObject, set);
  const space = openImageSpace(set, backend, inputs.whitening);
  const [experts, epochs] = [params.experts as number, params.epochs as number];
  const { earlier } = inputs;
  /** Experts that are there already: this stage's go on counting. */
  const first = earlier?.files.length ?? 0;
  const names = network.parameters.map(({ name }) => name);
  const decayEpoch = params.decay ? evaluationDecayEpoch(epochs) : Number.POSITIVE_INFINITY;
  const rateFactor = params.decay ? stepDecay([decayEpoch]) : () => 1;

  const shuffles = randomStream(seed, 'buffer/shuffle');
  const augmenter = openAugmenter(backend, tokensOf(params.augment as string), randomStream(seed, 'buffer/augment'));
  const training = openTraining(backend, network, {
    momentum: params.momentum as number,
    weightDecay: params.weightDecay as number,
    counts: true,
  });
  const test = openTest(backend, network);

  /** An expert as it starts, without the parameters that count as its epoch 0. */
  const fresh = (expert: number): Tensors => ({
    ...initialise(network, randomStream(seed, 'buffer/network'), expert),
    ...training.momentum(),
  });

  return {
    steps: experts * epochs,
    init: () => ({ tensors: {}, values: { accuracies: [], loss: 0 } }),
    async step({ tensors, values }, index) {
      const [expert, epoch] = [first + Math.floor(index / epochs), index % epochs];
      const before = epoch === 0 ? fresh(expert) : { ...next(tensors), ...snapshot(tensors, expert, epoch, names) };
      const cleared = epoch === decayEpoch ? { ...before, ...training.momentum() } : before;
      const pass = await trainOnce(
        {
          ...{ set, space, augmenter, training },
          images: (params.images as number | undefined) ?? set.train.count,
          batchSize: params.batchSize as number,
        },
        cleared,
        { shuffles, pass: expert * MOST_EPOCHS + epoch, rate: (params.learningRate as number) * rateFactor(epoch) },
      );
      demandFinite('buffer', index, { loss: pass.loss, tensors: pass.tensors }, 'Lower `learningRate`.');
      const done = epoch + 1 === epochs;
      const tested = done ? (await test.on(space, set.test, pass.tensors)).accuracy : undefined;
      report({ loss: pass.loss, accuracy: pass.accuracy, ...(tested !== undefined && { expertAccuracy: tested }) });
      const kept = Object.entries(tensors).filter(([name]) => !name.startsWith(NEXT));
      return {
        tensors: {
          ...Object.fromEntries(kept),
          ...(epoch === 0 && named(`${expert}.0.`, before, names)),
          ...named(`${expert}.${epoch + 1}.`, pass.tensors, names),
          ...(!done &&
            named(
              NEXT,
              pass.tensors,
              Object.keys(pass.tensors).filter((name) => !names.includes(name)),
            )),
        },
        values: {
          accuracies: [...(values.accuracies as number[]), ...(tested === undefined ? [] : [tested])],
          loss: pass.loss,
        },
      };
    },
    finish({ tensors, values }) {
      const origin = { network, set: set.name, whitening: space.whitening };
      const trajectories: Record<string, () => Uint8Array> = {};
      for (const name of earlier?.files ?? []) trajectories[name] = () => earlier?.read(name) ?? new Uint8Array(0);
      for (let expert = first; expert < first + experts; expert++)
        trajectories[fileOfExpert(expert)] = () => {
          const snapshots = Array.from({ length: epochs + 1 }, (_, epoch) => snapshot(tensors, expert, epoch, names));
          return encodeTrajectory(snapshots, origin);
        };
      const accuracies = values.accuracies as number[];
      const accuracy = accuracies.reduce((sum, value) => sum + value, 0) / accuracies.length;
      return {
        artifacts: { trajectories: {} },
        deferred: { trajectories },
        metrics: { expertAccuracy: accuracy, trainLoss: values.loss as number },
      };
    },
    close() {
      for (const part of [space, augmenter, training, test]) part.close();
    },
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
