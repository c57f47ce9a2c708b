/**
 * Several views of an image in one batch (FKD, Shen and Xing, ECCV 2022, section 3): m of the epochs that are stored, drawn
 * anew for each image and pass without replacement, so that an image is read once for m views. Of views that are not
 * mixed: those that are hang on the batch that they were labelled in.
 */
import type { RandomStream } from '../../tensor/random/stream.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { stacked } from '../rows.ts';
import type { LabelledBatch, SoftLabels } from './read.ts';

export interface CropBatch {
  /** Each image once. */
  readonly images: Int32Array;
  /** The images' views, one image after the other. */
  readonly views: LabelledBatch;
}

export interface CropStreams {
  readonly order: RandomStream;
  readonly view: RandomStream;
}

/** `crops` views of each of `images` images a batch. */
export interface CropSizes {
  readonly crops: number;
  readonly images: number;
}

export function cropReader(soft: SoftLabels, streams: CropStreams) {
  /** Of each epoch, the row of every image. */
  const rows = new Map<number, Int32Array>();
  const rowOf = (epoch: number, image: number): number => {
    let found = rows.get(epoch);
    if (!found) {
      found = new Int32Array(soft.facts.count);
      for (const [row, of] of soft.order(epoch).entries()) found[of] = row;
      rows.set(epoch, found);
    }
    return found[image] ?? 0;
  };
  /** Batch `index` of pass `pass`. */
  return (pass: number, index: number, { crops, images: size }: CropSizes): CropBatch => {
    const images = streams.order.permutation(pass, soft.facts.count).subarray(index * size, (index + 1) * size);
    const batches = Math.ceil(soft.facts.count / size);
    const uniform = streams.view.uniform(pass * batches + index, images.length * crops);
    const views = Array.from(images).flatMap((image, at) =>
      distinct(uniform.subarray(at * crops, (at + 1) * crops), soft.epochs).map((epoch) =>
        soft.rows(epoch, rowOf(epoch, image), 1),
      ),
    );
    return { images, views: together(views) };
  };
}

/** As many different numbers below `bound` as there are uniform ones (Floyd's sampling), ascending. */
export function distinct(uniform: Float64Array, bound: number): number[] {
  const chosen = new Set<number>();
  for (const [at, u] of uniform.entries()) {
    const most = bound - uniform.length + at;
    const drawn = Math.floor(u * (most + 1));
    chosen.add(chosen.has(drawn) ? most : drawn);
  }
  return [...chosen].sort((a, b) => a - b);
}

function together(views: readonly LabelledBatch[]): LabelledBatch {
  const joined = (of: (view: LabelledBatch) => Tensor | undefined): Tensor | undefined => {
    const parts = views.flatMap((view) => of(view) ?? []);
    return parts.length > 0 ? joinedRows(parts) : undefined;
  };
  const [logits, classes, probabilities] = [
    joined((view) => view.logits),
    joined((view) => view.classes),
    joined((view) => view.probabilities),
  ];
  return {
    order: Int32Array.from(views.flatMap(({ order }) => [...order])),
    box: Int16Array.from(views.flatMap(({ box }) => [...box])),
    mirrored: Uint8Array.from(views.flatMap(({ mirrored }) => [...mirrored])),
    ...{ partner: new Int32Array(0), mixBox: new Int16Array(0), mixLambda: 1 },
    ...(logits && { logits }),
    ...(classes && { classes }),
    ...(probabilities && { probabilities }),
  };
}

function joinedRows(parts: readonly Tensor[]): Tensor {
  const [first] = parts as [Tensor];
  if (first.dtype === 'float') return stacked(parts);
  const data = Int32Array.from(parts.flatMap(({ data }) => [...data]));
  return { dtype: first.dtype, shape: [parts.length, ...first.shape.slice(1)], data } as Tensor;
}
