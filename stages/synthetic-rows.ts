/**
 * Images of a synthetic set by their numbers. Small sets are held as a whole; of large ones (fifty images per class of
 * ImageNet are 30 GB) rows are read out of the files as they are asked for, so that memory does not grow with the set.
 */
import { fail, ok, type Result, unwrap } from '../base/result.ts';
import type { DataSetFacts } from '../data/data-set.ts';
import { fileTypes } from '../tensor/files/file-types.ts';
import { readTensorHeader, type TensorEntry } from '../tensor/files/safetensors.ts';
import { floats, ints, type Tensor } from '../tensor/tensor.ts';
import { chosenRows } from './rows.ts';
import type { ArtifactReader } from './stage.ts';
import { checkedSet, readSyntheticSet, syntheticFiles } from './synthetic-set.ts';

export interface SyntheticRows {
  /** Of all images. */
  readonly labels: Tensor;
  /** [indices, C, H, W], in that order. */
  rowsAt(indices: ArrayLike<number>): Tensor;
}

/** Bytes of files that are held. */
const MOST_HELD = 256 * 2 ** 20;

export function openSyntheticRows(
  reader: ArtifactReader,
  data: DataSetFacts,
  mostHeld = MOST_HELD,
): Result<SyntheticRows> {
  const files = syntheticFiles(reader);
  const bytes = files.reduce((sum, name) => sum + reader.describe(name).bytes, 0);
  if (bytes > mostHeld) return streamed(reader, files, data);
  const held = readSyntheticSet(reader, data);
  if (!held.ok) return held;
  const { images, labels } = held.value;
  return ok({ labels, rowsAt: (indices) => chosenRows(images, indices) });
}

interface Part {
  readonly name: string;
  readonly images: TensorEntry;
  /** Number of its first image in the set. */
  readonly first: number;
}

function streamed(reader: ArtifactReader, files: readonly string[], data: DataSetFacts): Result<SyntheticRows> {
  const parts: Part[] = [];
  const labels: number[] = [];
  const size = data.channels * data.height * data.width;
  for (const name of files) {
    const header = readTensorHeader((from, to) => reader.read(name, { from, to }), reader.describe(name).bytes, name);
    if (!header.ok) return header;
    const { entries, metadata } = header.value;
    const [images, own] = [entries.get('images'), entries.get('labels')];
    if (!images || !own) return fail('SET_PARTS', 'Expected `images` and `labels`.', { place: name });
    // Of the images only kind and shape.
    const shaped = { ...valuesOf(reader, name, { ...images, to: images.from }, [0]), shape: images.shape };
    const found = valuesOf(reader, name, own, own.shape);
    const checked = checkedSet({ tensors: { images: shaped, labels: found }, metadata }, data);
    if (!checked.ok) return checked;
    parts.push({ name, images, first: labels.length });
    for (const label of found.data) labels.push(label);
  }
  const rowAt = (index: number): Tensor['data'] => {
    const part = parts.findLast(({ first }) => first <= index);
    if (!part) throw new Error(`Internal error: expected one of ${labels.length} images, got ${index}`);
    const { images, name, first } = part;
    const bytes = (images.to - images.from) / (images.shape[0] ?? 1);
    const from = images.from + (index - first) * bytes;
    return valuesOf(reader, name, { ...images, from, to: from + bytes }, [size]).data;
  };
  return ok({
    labels: ints(Int32Array.from(labels)),
    rowsAt(indices) {
      const rows = new Float32Array(indices.length * size);
      for (let row = 0; row < indices.length; row++) rows.set(rowAt(indices[row] ?? 0), row * size);
      return floats(rows, [indices.length, data.channels, data.height, data.width]);
    },
  });
}

function valuesOf(
  reader: ArtifactReader,
  name: string,
  { dtype, from, to }: TensorEntry,
  shape: readonly number[],
): Tensor {
  const values = fileTypes[dtype].read(reader.read(name, { from, to }), shape);
  return values ?? unwrap(fail('SET_PARTS', 'This file holds whole numbers over 2^31.', { place: name }));
}
