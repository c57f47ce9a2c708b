/**
 * A network that is trained on the real images, an epoch a step, and what it sees in them: features for herding and k-center,
 * hits after every epoch for forgetting. The optimiser is that of `pretrain`, without a schedule.
 */
import { FailureError, fail } from '../../base/result.ts';
import type { DataSet } from '../../data/data-set.ts';
import type { Features } from '../../methods/select-coreset.ts';
import { initialise } from '../../nn/init.ts';
import { type Network, networkInputs } from '../../nn/network.ts';
import type { Backend } from '../../tensor/backends/backend.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import { argMax } from '../../tensor/ops/index.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { ints, type Tensor } from '../../tensor/tensor.ts';
import { openAugmenter } from '../evaluate/augmenter.ts';
import { openTraining } from '../evaluate/training.ts';
import type { ImageSpace } from '../image-space.ts';
import { programs } from '../programs.ts';
import { trainOnce } from '../real-training.ts';
import type { Seed } from '../stage.ts';

type Tensors = Readonly<Record<string, Tensor>>;

export interface EmbeddingSettings {
  readonly set: DataSet;
  readonly space: ImageSpace;
  readonly network: Network;
  readonly backend: Backend;
  readonly seed: Seed;
  readonly learningRate: number;
  /** Training images that are used, from the first. */
  readonly images: number;
  /** Whether hits are counted. */
  readonly counts: boolean;
}

const BATCH = 256;
const CHUNK = 64;

export function openEmbedding(settings: EmbeddingSettings) {
  const { set, space, network, backend, seed, learningRate, images, counts } = settings;
  const { train } = set;
  const shuffles = randomStream(seed, 'select/shuffle');
  const training = openTraining(backend, network, { counts: true });
  const augmenter = openAugmenter(backend, [], randomStream(seed, 'select/augment'));
  const real = { ...{ set, space, augmenter, training }, images, batchSize: BATCH };
  const compiled = programs(backend);

  /** Output `name` of all images at `indices`, in chunks; those at `after` will be looked at next. */
  const over = async (
    values: Tensors,
    indices: Int32Array,
    name: 'embedding' | 'label',
    use: (part: Tensor, at: number) => void,
    after: Int32Array = new Int32Array(0),
  ) => {
    for (let at = 0; at < indices.length; at += CHUNK) {
      const chunk = indices.subarray(at, at + CHUNK);
      const program = await compiled.get(`${name} ${chunk.length}`, () => view(network, chunk.length, name));
      const rest = indices.subarray(at + CHUNK);
      const seen = await space.read(train, chunk, (rest.length > 0 ? rest : after).subarray(0, CHUNK));
      use((await program.run({ ...values, images: seen }))[name] as Tensor, at);
    }
  };

  return {
    start(): Record<string, Tensor> {
      const none = new Int32Array(images);
      return {
        ...initialise(network, randomStream(seed, 'select/network'), 0),
        ...training.momentum(),
        ...(counts && { forgotten: ints(none), learned: ints(none), right: ints(none) }),
      };
    },
    async epoch(tensors: Tensors, pass: number): Promise<{ tensors: Tensors; loss: number; accuracy: number }> {
      const after = await trainOnce(real, tensors, { shuffles, pass, rate: learningRate });
      if (!counts) return after;
      const [forgotten, learned] = ['forgotten', 'learned'].map((name) => Int32Array.from(tensors[name]?.data ?? []));
      const right = new Int32Array(images);
      const everything = Int32Array.from({ length: images }, (_, image) => image);
      await over(after.tensors, everything, 'label', ({ data }, at) => {
        for (let row = 0; row < data.length; row++) right[at + row] = data[row] === train.labels[at + row] ? 1 : 0;
      });
      for (let image = 0; image < images; image++) {
        if (right[image] && learned) learned[image] = 1;
        else if (forgotten && tensors.right?.data[image]) forgotten[image] = (forgotten[image] ?? 0) + 1;
      }
      const counted = { forgotten: ints(forgotten ?? []), learned: ints(learned ?? []), right: ints(right) };
      return { ...after, tensors: { ...after.tensors, ...counted } };
    },
    /** `after`: those that are asked for next. */
    async features(values: Tensors, indices: Int32Array, after?: Int32Array): Promise<Features> {
      let rows = new Float32Array(0);
      const keep = ({ data }: Tensor, at: number) => {
        const width = data.length / Math.min(CHUNK, indices.length - at);
        if (rows.length === 0) rows = new Float32Array(indices.length * width);
        rows.set(data, at * width);
      };
      await over(values, indices, 'embedding', keep, after);
      return { count: indices.length, width: rows.length / indices.length, values: rows };
    },
    close() {
      for (const part of [training, augmenter, compiled]) part.close();
    },
  };
}

export type EmbeddingRun = ReturnType<typeof openEmbedding>;

function view(network: Network, count: number, name: 'embedding' | 'label'): Record<string, Expr> {
  const { channels, height, width } = network.input;
  const images = input('images', [count, channels, height, width]);
  const { embedding, logits } = network.apply(images, networkInputs(network), 'eval');
  if (name === 'label') return { label: argMax(logits, 1) };
  if (embedding) return { embedding };
  throw new FailureError(fail('NETWORK_EMBEDDING', `A network of kind ${network.spec.kind} has no embedding.`).error);
}
