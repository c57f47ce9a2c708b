/**
 * Where batches go that are finished. Small sets are kept in the state and become one file. Of large ones each batch is
 * put into the store at once, and the set becomes a file a class, so that memory grows with neither classes nor images.
 */
import type { Json, JsonObject } from '../../base/json.ts';
import type { DataSetFacts } from '../../data/data-set.ts';
import { floats, type Tensor } from '../../tensor/tensor.ts';
import { bytesOfImages, MOST_IN_ONE } from '../bytes/set.ts';
import { classFiles } from '../class-files.ts';
import { type Range, rangeName } from '../shards.ts';
import type { StageResult, State, StepFiles, StoredFile } from '../stage.ts';
import { picture, sortedLabels, syntheticSetFile } from '../synthetic-set.ts';
import type { Batch } from './batches.ts';

export interface Finished {
  init(): State;
  /** What of a state is finished. */
  of(state: State): State;
  add(finished: State, batch: Batch, images: Tensor): State;
  /** `again` makes the images of a batch whose file has gone from the store. */
  result(finished: State, again: (batch: number) => Promise<Tensor>): Promise<Omit<StageResult, 'metrics'>>;
}

export interface FinishedSet {
  readonly set: DataSetFacts;
  readonly classes: Range;
  readonly imagesPerClass: number;
  readonly batches: readonly Batch[];
  /** Whether it is a part of the work. */
  readonly shard: boolean;
  readonly files: StepFiles;
}

export function finishedImages(whole: FinishedSet, mostHeld: number = MOST_IN_ONE.recovered): Finished {
  const { set, classes, imagesPerClass } = whole;
  return bytesOfImages({ set, classes: classes[1] - classes[0], imagesPerClass }) <= mostHeld
    ? held(whole)
    : stored(whole);
}

function labelsOf([from, to]: Range, imagesPerClass: number): Tensor {
  return sortedLabels(to - from, imagesPerClass, from);
}

function held({ set, classes, imagesPerClass, shard }: FinishedSet): Finished {
  const size = set.channels * set.height * set.width;
  const count = (classes[1] - classes[0]) * imagesPerClass;
  const shape = [count, set.channels, set.height, set.width];
  const images = ({ tensors }: State) => tensors.images as Tensor;
  const part = shard ? classes : undefined;
  return {
    init: () => ({ tensors: { images: floats(new Float32Array(count * size), shape) }, values: {} }),
    of: (state) => ({ tensors: { images: images(state) }, values: {} }),
    add(finished, batch, made) {
      const data = Float32Array.from(images(finished).data);
      for (const [place, { label, slot }] of batch.entries()) {
        const row = (label - classes[0]) * imagesPerClass + slot;
        data.set(made.data.subarray(place * size, (place + 1) * size), row * size);
      }
      return { tensors: { images: floats(data, shape) }, values: {} };
    },
    async result(finished) {
      const made = { images: images(finished), labels: labelsOf(classes, imagesPerClass) };
      const drawn = { [pictureName(part)]: picture(made, { ...set, classes: classes[1] - classes[0] }) };
      return { artifacts: { images: { ...syntheticSetFile(made, set, undefined, part), ...drawn } } };
    },
  };
}

function pictureName(part: Range | undefined): string {
  return part ? rangeName('after.png', part) : 'after.png';
}

function stored({ set, classes, imagesPerClass, batches, shard, files }: FinishedSet): Finished {
  const size = set.channels * set.height * set.width;
  const put = ({ data }: Tensor): StoredFile => {
    const bytes = Float32Array.from(data);
    return files.put(new Uint8Array(bytes.buffer));
  };
  const listed = ({ values }: State) => values.files as unknown as readonly StoredFile[];
  /** Where image `slot` of class `label` is: batch and place. */
  const places = new Map<string, readonly [number, number]>();
  for (const [index, batch] of batches.entries())
    for (const [place, { label, slot }] of batch.entries()) places.set(`${label} ${slot}`, [index, place]);

  return {
    init: () => ({ tensors: {}, values: { files: [] } }),
    of: ({ values }) => ({ tensors: {}, values: { files: values.files as Json } }),
    add: (finished, _, made) => ({
      tensors: {},
      values: { files: [...listed(finished), { ...put(made) }] as unknown as JsonObject[] },
    }),
    async result(finished, again) {
      const kept = [...listed(finished)];
      for (const [index, file] of kept.entries()) if (!files.has(file)) kept[index] = put(await again(index));
      const imagesOf = (labels: Range, count: number): Tensor => {
        const data = new Float32Array((labels[1] - labels[0]) * count * size);
        for (let label = labels[0], row = 0; label < labels[1]; label++)
          for (let slot = 0; slot < count; slot++, row++) {
            const [batch, place] = places.get(`${label} ${slot}`) ?? [0, 0];
            const range = { from: place * size * 4, to: (place + 1) * size * 4 };
            const bytes = Uint8Array.from(files.read(kept[batch] as StoredFile, range));
            data.set(new Float32Array(bytes.buffer), row * size);
          }
        return floats(data, [(labels[1] - labels[0]) * count, set.channels, set.height, set.width]);
      };
      const name = pictureName(shard ? classes : undefined);
      const deferred = classFiles({ set, classes, imagesPerClass, pictureName: name, imagesOf });
      return { artifacts: { images: {} }, deferred: { images: deferred } };
    },
  };
}
