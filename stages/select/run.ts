/**
 * Selection. The last step chooses the images' indices; before it, for coresets, one step an epoch trains the network that
 * chooses, unless another stage has. The images themselves are read only to be written: of a set of pictures no more is held
 * than the chosen ones, the mean of a class, or what a network sees in a class. Only where a network is trained here, which
 * goes over all of them again and again, are they held, as far as sets are.
 */
import type { Json, JsonObject } from '../../base/json.ts';
import { FailureError, fail, unwrap } from '../../base/result.ts';
import type { DataSet } from '../../data/data-set.ts';
import { indicesByClass, normalised } from '../../data/normalise.ts';
import { openDataSet } from '../../data/registry.ts';
import { herding, kCenter, mostForgotten } from '../../methods/select-coreset.ts';
import { randomOfEachClass } from '../../methods/select-random.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { floats, ints, type Tensor } from '../../tensor/tensor.ts';
import { bytesOfImages, MOST_IN_ONE } from '../bytes/set.ts';
import { classFiles } from '../class-files.ts';
import { demandFinite } from '../finite.ts';
import { type ImageSpace, openImageSpace } from '../image-space.ts';
import { networkFor } from '../network-parameter.ts';
import { stacked } from '../rows.ts';
import type { Range } from '../shards.ts';
import type { StageContext, StageRun } from '../stage.ts';
import { sortedLabels, syntheticSetFile } from '../synthetic-set.ts';
import { type EmbeddingRun, openEmbedding } from './embedding.ts';
import { neededOf, TRAINED } from './index.ts';
import { readEmbeddingNetwork } from './teacher.ts';

export async function openSelect(
  { params, seed, data, inputs, backend, report }: StageContext,
  mostInOne: number = MOST_IN_ONE.selected,
): Promise<StageRun> {
  const method = params.method as string;
  const streamed = !TRAINED.includes(method) || inputs.network !== undefined;
  const set = unwrap(openDataSet(data.set, data.folder, { streamed }));
  const imagesPerClass = params.imagesPerClass as number;
  const used = (params.images as number | undefined) ?? set.train.count;
  const byClass = indicesByClass(set.train, set.classes).map((indices) => indices.filter((image) => image < used));
  demandEnough(set, byClass, neededOf(method, imagesPerClass), used);
  const space = openImageSpace(set, backend, inputs.whitening);
  const stream = randomStream(seed, 'select');
  const given = inputs.network ? readEmbeddingNetwork(inputs.network, set, space.whitening) : undefined;
  const embedding = TRAINED.includes(method)
    ? openEmbedding({
        ...{ set, space, backend, seed, images: used },
        network: given?.network ?? networkFor(params.embeddingNetwork as JsonObject, set, backend),
        learningRate: params.learningRate as number,
        counts: method === 'forgetting',
      })
    : undefined;
  const epochs = embedding && !given ? (params.epochs as number) : 0;

  return {
    steps: epochs + 1,
    init: () => ({ tensors: given?.values ?? embedding?.start() ?? {}, values: {} }),
    async step({ tensors }, index) {
      if (embedding && index < epochs) {
        const after = await embedding.epoch(tensors, index);
        demandFinite('select', index, { loss: after.loss, tensors: after.tensors }, 'Lower `learningRate`.');
        report({ loss: after.loss, accuracy: after.accuracy });
        return { tensors: after.tensors, values: {} };
      }
      if (method === 'mean' || method === 'noise') return { tensors: {}, values: {} };
      const chosen = embedding
        ? await coreset(method, embedding, tensors, byClass, imagesPerClass)
        : randomOfEachClass(stream, byClass, imagesPerClass);
      return { tensors: { chosen: ints(chosen) }, values: {} };
    },
    async finish({ tensors: { chosen } }) {
      const means = method === 'mean' ? await classMeans(set, space, byClass) : [];
      const madeOf = (label: number, count: number): Tensor => {
        const mean = means[label];
        return mean ? stacked(Array.from({ length: count }, () => mean)) : noise(set, stream, label, count);
      };
      const listed = chosen && { 'chosen.json': jsonFile({ split: 'train', indices: [...chosen.data] }) };
      const all: Range = [0, set.classes];
      const bytes = bytesOfImages({ set, classes: set.classes, imagesPerClass });
      if (bytes > mostInOne && space.whitening === undefined) {
        const rowsOf = (label: number, count: number) =>
          chosen
            ? normalised(set, set.train, chosen.data.subarray(label * imagesPerClass, label * imagesPerClass + count))
            : madeOf(label, count);
        const imagesOf = ([from, to]: Range, count: number) =>
          stacked(Array.from({ length: to - from }, (_, at) => rowsOf(from + at, count)));
        const images = classFiles({ set, classes: all, imagesPerClass, pictureName: 'after.png', imagesOf });
        return { artifacts: { images: { ...listed } }, deferred: { images }, metrics: {} };
      }
      const images = chosen
        ? await space.read(set.train, chosen.data)
        : stacked(Array.from({ length: set.classes }, (_, label) => madeOf(label, imagesPerClass)));
      const selected = { images, labels: sortedLabels(set.classes, imagesPerClass) };
      const files = {
        ...syntheticSetFile(selected, set, space.whitening),
        'after.png': await space.picture(selected),
        ...listed,
      };
      return { artifacts: { images: files }, metrics: {} };
    },
    close() {
      embedding?.close();
      space.close();
    },
  };
}

async function coreset(
  method: string,
  embedding: EmbeddingRun,
  tensors: Readonly<Record<string, Tensor>>,
  byClass: readonly Int32Array[],
  count: number,
): Promise<number[]> {
  const chosen: number[] = [];
  for (const [label, indices] of byClass.entries()) {
    const of = (name: string) => Array.from(indices, (image) => tensors[name]?.data[image] ?? 0);
    const positions =
      method === 'forgetting'
        ? mostForgotten(of('forgotten'), of('learned'), count)
        : (method === 'herding' ? herding : kCenter)(
            await embedding.features(tensors, indices, byClass[label + 1]),
            count,
          );
    chosen.push(...positions.map((position) => indices[position] ?? -1));
  }
  return chosen;
}

/** Pixel values, in all channels, of the images that are read at a time to take their mean. */
const MOST_VALUES = 2 ** 20;

/** One image a class. A running sum in doubles, in the order of the files. */
async function classMeans(set: DataSet, space: ImageSpace, byClass: readonly Int32Array[]): Promise<Tensor[]> {
  const size = set.channels * set.height * set.width;
  const chunk = Math.max(1, Math.min(256, Math.floor(MOST_VALUES / size)));
  const means: Tensor[] = [];
  for (const [label, indices] of byClass.entries()) {
    const mean = new Float64Array(size);
    const partAt = (at: number) =>
      at < indices.length
        ? indices.subarray(at, at + chunk)
        : (byClass[label + 1] ?? indices.subarray(0, 0)).subarray(0, chunk);
    for (let at = 0; at < indices.length; at += chunk) {
      const { data } = await space.read(set.train, partAt(at), partAt(at + chunk));
      for (let value = 0; value < data.length; value++)
        mean[value % size] = (mean[value % size] as number) + (data[value] as number) / indices.length;
    }
    means.push(floats(Float32Array.from(mean), [1, set.channels, set.height, set.width]));
  }
  return means;
}

/** Each class draws for itself: the first of 50 images are the 10 that a draw of 10 gives. */
function noise(
  { channels, height, width }: DataSet,
  stream: ReturnType<typeof randomStream>,
  label: number,
  count: number,
): Tensor {
  const drawn = stream.normal(label, count * channels * height * width);
  return floats(Float32Array.from(drawn), [count, channels, height, width]);
}

function demandEnough(set: DataSet, byClass: readonly Int32Array[], imagesPerClass: number, used: number): void {
  const label = byClass.findIndex((indices) => indices.length < imagesPerClass);
  const indices = byClass[label];
  if (!indices) return;
  const name = set.classNames[label] ?? label;
  const fewer = used < set.train.count;
  const among = fewer ? ` among the first ${used} images (\`images\`)` : '';
  const { error } = fail(
    'CLASS_TOO_SMALL',
    `${imagesPerClass} images of each class are wanted, but ${name} of ${set.title} has ${indices.length}${among}.`,
    { help: `Lower \`imagesPerClass\`, or ${fewer ? 'raise `images`' : 'give the whole data set with --data DIR'}.` },
  );
  throw new FailureError(error);
}

function jsonFile(value: Json): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
}
