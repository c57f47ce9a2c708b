/**
 * CIFAR-10 and CIFAR-100 in either official layout: binary (records of label bytes and 3 × 32 × 32 pixels, channel after
 * channel) or Python (pickled dictionaries of the same pixels and lists of labels). Files of one layout are taken, never a
 * mixture. CIFAR-100 is read with its fine labels.
 * Invariant: every file holds whole records, of which each has a label in range.
 */
import { readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail, ok, type Result } from '../base/result.ts';
import type { DataFormat, DataSetFacts, Split, Splits } from './data-set.ts';
import { readPickle } from './pickle.ts';
import { type PickledArray, PickledBytes, type PickledValue } from './pickle-values.ts';

const PIXELS = 3 * 32 * 32;

interface Layout {
  readonly train: readonly string[];
  readonly test: readonly string[];
}

export interface CifarOptions {
  /** File names without the `.bin` of the binary layout. */
  readonly names: Layout;
  /** Label bytes before the pixels of a binary record; the last one counts. */
  readonly labelBytes: number;
  /** Under which a pickled dictionary keeps the labels. */
  readonly labelsKey: string;
}

export const CIFAR10_FILES: CifarOptions = {
  names: { train: [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}`), test: ['test_batch'] },
  labelBytes: 1,
  labelsKey: 'labels',
};

export const CIFAR100_FILES: CifarOptions = {
  names: { train: ['train'], test: ['test'] },
  labelBytes: 2,
  labelsKey: 'fine_labels',
};

export function cifarSet(options: CifarOptions): DataFormat {
  const { train, test } = options.names;
  const names = [...train, ...test];
  return {
    find(folder) {
      const layouts = ['.bin', ''].map((suffix) => names.map((name) => join(folder, `${name}${suffix}`)));
      const present = layouts.map((paths) => paths.filter(isFile));
      const whole = layouts.find((paths, index) => present[index]?.length === paths.length);
      if (whole) return { files: whole, missing: [] };
      const started = present.findIndex((paths) => paths.length > 0);
      if (started < 0) return { files: [], missing: names.map((name) => `${name}[.bin]`) };
      const missing = (layouts[started] ?? []).filter((path) => !isFile(path)).map((path) => basename(path));
      return { files: present[started] ?? [], missing };
    },
    read(files, facts): Result<Splits> {
      const parts: Split[] = [];
      for (const file of files) {
        const part = file.endsWith('.bin') ? readBinary(file, options, facts) : readPython(file, options, facts);
        if (!part.ok) return part;
        parts.push(part.value);
      }
      return ok({ train: joined(parts.slice(0, train.length)), test: joined(parts.slice(train.length)) });
    },
  };
}

/** Folders of pictures are called `train` as well. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

const AGAIN =
  'Get the file again from where the set is published; an interrupted download or unpacking is the usual cause.';

function bytesOf(path: string): Result<Uint8Array> {
  try {
    return ok(readFileSync(path));
  } catch (error) {
    return fail('DATA_UNREADABLE', `${basename(path)} cannot be read: ${(error as Error).message}.`, {
      place: path,
      help: 'Check the path and its permissions.',
    });
  }
}

function readBinary(path: string, { labelBytes }: CifarOptions, facts: DataSetFacts): Result<Split> {
  const bytes = bytesOf(path);
  if (!bytes.ok) return bytes;
  const length = labelBytes + PIXELS;
  const count = bytes.value.length / length;
  if (!Number.isInteger(count) || count === 0)
    return fail(
      'DATA_TRUNCATED',
      `${basename(path)} is truncated or of another set: ${bytes.value.length.toLocaleString('en-US')} bytes are no whole number of records of ${facts.title}, which have ${length.toLocaleString('en-US')} each.`,
      { place: path, help: AGAIN },
    );
  const labels = new Uint8Array(count);
  const pixels = new Uint8Array(count * PIXELS);
  for (let record = 0; record < count; record++) {
    const start = record * length + labelBytes;
    labels[record] = bytes.value[start - 1] as number;
    pixels.set(bytes.value.subarray(start, start + PIXELS), record * PIXELS);
  }
  return checked(path, { count, pixels, labels }, facts);
}

function readPython(path: string, { labelsKey }: CifarOptions, facts: DataSetFacts): Result<Split> {
  const bytes = bytesOf(path);
  if (!bytes.ok) return bytes;
  const pickled = readPickle(bytes.value);
  if (!pickled.ok)
    return fail(pickled.error.code, `${basename(path)} ${pickled.error.message}.`, {
      place: path,
      help: pickled.error.help ?? AGAIN,
    });
  const wrong = (what: string) =>
    fail('DATA_WRONG_FORMAT', `${basename(path)} is not a batch of ${facts.title}: ${what}.`, {
      place: path,
      help: 'Check that the file is the official one of the Python layout.',
    });
  const batch = pickled.value;
  if (!(batch instanceof Map)) return wrong('it holds no dictionary');
  const labels = batch.get(labelsKey);
  if (!Array.isArray(labels)) return wrong(`its dictionary has no list ${JSON.stringify(labelsKey)}`);
  const data = batch.get('data');
  const rows = isArray(data) ? data : undefined;
  if (rows?.shape.length !== 2 || rows.shape[1] !== PIXELS || rows.type !== 'u1')
    return wrong(`its dictionary has no table "data" of bytes with ${PIXELS.toLocaleString('en-US')} columns`);
  const count = rows.shape[0] ?? 0;
  if (labels.length !== count) return wrong(`it has ${count} images, but ${labels.length} labels`);
  const strange = labels.findIndex((label) => typeof label !== 'number' || !Number.isInteger(label));
  if (strange >= 0) return wrong(`the label of image ${strange} is no whole number`);
  return checked(path, { count, pixels: rows.bytes, labels: Int32Array.from(labels as number[]) }, facts);
}

function isArray(value: PickledValue | undefined): value is PickledArray {
  return value !== null && typeof value === 'object' && 'shape' in value && !(value instanceof PickledBytes);
}

function checked(path: string, split: Split, { title, classes }: DataSetFacts): Result<Split> {
  const outside = split.labels.findIndex((label) => label < 0 || label >= classes);
  if (outside < 0) return ok(split);
  return fail(
    'DATA_LABEL_RANGE',
    `${basename(path)} gives image ${outside} the label ${split.labels[outside]}, expected 0 to ${classes - 1} for ${title}.`,
    { place: path, help: `Check that the folder holds ${title} and not another set.` },
  );
}

function joined(parts: readonly Split[]): Split {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const count = parts.reduce((total, part) => total + part.count, 0);
  const pixels = new Uint8Array(count * PIXELS);
  const labels = new Int32Array(count);
  let at = 0;
  for (const part of parts) {
    pixels.set(part.pixels, at * PIXELS);
    labels.set(part.labels, at);
    at += part.count;
  }
  return { count, pixels, labels };
}
