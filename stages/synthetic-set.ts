/**
 * A synthetic set as files: `synthetic.safetensors` with `images` F32 [n, C, H, W], normalised or whitened, and `labels`
 * I32 [n], which PyTorch users load without us; beside it pictures of the same images. Where a method learned them,
 * `soft_labels` F32 [n, classes] and the step size to train with, `learning_rate` F32 [], belong to it.
 *
 * A set made in shards is such a file for each run of classes, `synthetic-00000-00009.safetensors` and so on.
 */
import { sha256 } from '../base/digest.ts';
import { fail, ok, type Result } from '../base/result.ts';
import type { DataSetFacts } from '../data/data-set.ts';
import { pictureGrid } from '../data/pictures.ts';
import { decodeSafetensors, encodeSafetensors, type TensorFile } from '../tensor/files/safetensors.ts';
import { ints, scalar, type Tensor } from '../tensor/tensor.ts';
import { stacked } from './rows.ts';
import { setMetadata } from './set-metadata.ts';
import { partsOf, type Range, rangeName } from './shards.ts';
import type { ArtifactReader } from './stage.ts';

export interface SyntheticSet {
  readonly images: Tensor;
  readonly labels: Tensor;
  /** Rows of probabilities that take the place of the labels in training. */
  readonly softLabels?: Tensor;
  readonly learningRate?: number;
}

const FILE = 'synthetic.safetensors';

/** Screen pixels of an image's pixel: small images are hard to see. */
const SCALE = 2;

/** `whitening`: digest of the ZCA fit in whose space the images live; `part`: the classes of a shard. */
export function syntheticSetFile(
  { images, labels, softLabels, learningRate }: SyntheticSet,
  set: DataSetFacts,
  whitening?: string,
  part?: Range,
): Record<string, Uint8Array> {
  const tensors = {
    ...{ images, labels },
    ...(softLabels && { soft_labels: softLabels }),
    ...(learningRate !== undefined && { learning_rate: scalar(learningRate) }),
  };
  return { [part ? rangeName(FILE, part) : FILE]: encodeSafetensors(tensors, setMetadata(set, whitening)) };
}

/** One row a class, where images are sorted by class. */
export function picture({ images }: SyntheticSet, { mean, std, classes }: DataSetFacts): Uint8Array {
  const columns = Math.max(1, Math.floor((images.shape[0] ?? 0) / classes));
  return pictureGrid(images, { mean, std, columns, scale: SCALE });
}

/** Read again, and checked against the data set and the whitening that it is to be used with. */
export function readSyntheticSet(reader: ArtifactReader, data: DataSetFacts, whitening?: string): Result<SyntheticSet> {
  const decoded = readSetFiles(reader);
  return decoded.ok ? checkedSet(decoded.value, data, whitening) : decoded;
}

/** Of the images only kind and shape are looked at. */
export function checkedSet(
  { tensors, metadata }: TensorFile,
  data: DataSetFacts,
  whitening?: string,
): Result<SyntheticSet> {
  const { images, labels, soft_labels: softLabels, learning_rate: rate } = tensors;
  const { channels, height, width, classes } = data;
  const shape = [images?.shape[0] ?? 0, channels, height, width];
  if (images?.dtype !== 'float' || images.shape.join() !== shape.join() || shape[0] === 0)
    return fail(
      'SET_SHAPE',
      `Expected images [n, ${shape.slice(1).join(', ')}] of ${data.title}, got [${images?.shape}].`,
      {
        place: FILE,
        help: 'Make the set from the same data set as the experiment names.',
      },
    );
  if (
    labels?.dtype !== 'int' ||
    labels.shape.join() !== String(shape[0]) ||
    !labels.data.every((label) => label >= 0 && label < classes)
  )
    return fail('SET_LABELS', `Expected a label from 0 to ${classes - 1} for each of ${shape[0]} images.`, {
      place: FILE,
    });
  if (softLabels && (softLabels.dtype !== 'float' || softLabels.shape.join() !== `${shape[0]},${classes}`))
    return fail('SET_LABELS', `Expected soft labels [${shape[0]}, ${classes}], got [${softLabels.shape}].`, {
      place: FILE,
    });
  if (rate && !((rate.data[0] ?? 0) > 0))
    return fail('SET_LEARNING_RATE', `Expected a learning rate over 0, got ${rate.data[0]}.`, { place: FILE });
  if (metadata.whitening !== whitening)
    return fail(
      'SET_WHITENING',
      whitening === undefined
        ? 'These images are whitened by ZCA, but this stage has no `whitening`.'
        : 'These images are not whitened by the ZCA fit that this stage has as its `whitening`.',
      { place: FILE, help: 'Give both the same stage of kind `zca` as `whitening`, or neither.' },
    );
  return ok({
    ...{ images, labels },
    ...(softLabels && { softLabels }),
    ...(rate && { learningRate: rate.data[0] as number }),
  });
}

/** The files that hold the set, in the order of its images. */
export function syntheticFiles(reader: Pick<ArtifactReader, 'files'>): readonly string[] {
  const parts = partsOf(FILE, reader.files);
  return parts.length > 0 ? parts : [FILE];
}

/** What tells this set from others: the digest of its file, or of the digests of all parts. Nothing is read. */
export function syntheticDigest(reader: Pick<ArtifactReader, 'files' | 'describe'>): string {
  const digests = syntheticFiles(reader).map((file) => reader.describe(file).sha256);
  return digests.length === 1 ? (digests[0] as string) : sha256(digests.join('\n'));
}

/** All parts as one. What belongs to the whole set (the step size) is that of the first. */
export function readSetFiles(reader: Pick<ArtifactReader, 'files' | 'read'>): Result<TensorFile> {
  const parts: TensorFile[] = [];
  for (const file of syntheticFiles(reader)) {
    const part = decodeSafetensors(reader.read(file), file);
    if (!part.ok) return part;
    const misfit = parts[0] && misfitting(part.value, parts[0]);
    if (misfit)
      return fail('SET_PARTS', `Expected \`${misfit}\` to be of one kind in all files of the set.`, { place: file });
    parts.push(part.value);
  }
  const [first] = parts;
  if (!first) throw new Error('Internal error: expected a set to have a file');
  if (parts.length === 1) return ok(first);
  const tensors = Object.entries(first.tensors).map(([name, own]): [string, Tensor] => {
    const all = parts.flatMap((part) => part.tensors[name] ?? []);
    if (own.shape.length === 0) return [name, own];
    return [name, own.dtype === 'int' ? ints(all.flatMap(({ data }) => [...data])) : stacked(all)];
  });
  return ok({ ...first, tensors: Object.fromEntries(tensors) });
}

/** The first tensor that cannot be put behind the other's. */
function misfitting(part: TensorFile, first: TensorFile): string | undefined {
  const names = new Set([...Object.keys(part.tensors), ...Object.keys(first.tensors)]);
  return [...names].find((name) => {
    const [a, b] = [part.tensors[name], first.tensors[name]];
    return a?.dtype !== b?.dtype || String(a?.shape.slice(1)) !== String(b?.shape.slice(1));
  });
}

/** Labels of a set sorted by class, `imagesPerClass` of each; `first` is the first class. */
export function sortedLabels(classes: number, imagesPerClass: number, first = 0): Tensor {
  const labelOf = (_: unknown, image: number) => first + Math.floor(image / imagesPerClass);
  return ints(Int32Array.from({ length: classes * imagesPerClass }, labelOf));
}

/** How many images of each class there are, where it is the same number for all and they are sorted by class. */
export function imagesPerClassOf({ labels }: SyntheticSet, classes: number): Result<number> {
  const perClass = labels.data.length / classes;
  const sorted =
    Number.isInteger(perClass) && labels.data.every((label, image) => label === Math.floor(image / perClass));
  return sorted && perClass > 0
    ? ok(perClass)
    : fail('SET_UNBALANCED', `Expected the same number of images of each of ${classes} classes, sorted by class.`, {
        place: FILE,
        help: 'Start from a set of the stage `select`.',
      });
}
