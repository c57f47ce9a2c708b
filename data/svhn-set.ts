/**
 * SVHN's cropped digits: two MATLAB files with X [32, 32, 3, n] (rows, columns, channels, images, column-major) and y
 * [n, 1], where the digit 0 has the label 10. The third file of the set, `extra`, is not part of the benchmark.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail, ok, type Result } from '../base/result.ts';
import type { DataFormat, DataSetFacts, Split } from './data-set.ts';
import { readMat } from './mat.ts';

const SVHN_FILES = ['train_32x32.mat', 'test_32x32.mat'] as const;

export const svhnSet: DataFormat = {
  find(folder) {
    const here = (name: string) => existsSync(join(folder, name));
    return {
      files: SVHN_FILES.filter(here).map((name) => join(folder, name)),
      missing: SVHN_FILES.filter((name) => !here(name)),
    };
  },
  read(files, facts) {
    const [trainFile = '', testFile = ''] = files;
    const train = readSplit(trainFile, facts);
    if (!train.ok) return train;
    const test = readSplit(testFile, facts);
    return test.ok ? ok({ train: train.value, test: test.value }) : test;
  },
};

function readSplit(path: string, { title, height, width, channels, classes }: DataSetFacts): Result<Split> {
  const failure = (code: string, message: string) =>
    fail(code, `${basename(path)} ${message}.`, {
      place: path,
      help: `Get the file again from where the set is published, and check that it is ${title}.`,
    });
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    return failure('DATA_UNREADABLE', `cannot be read: ${(error as Error).message}`);
  }
  const arrays = readMat(bytes);
  if (!arrays.ok) return failure(arrays.error.code, arrays.error.message);
  const [images, labels] = [arrays.value.get('X'), arrays.value.get('y')];
  if (!images || !labels) return failure('DATA_WRONG_FORMAT', 'has no arrays X and y');
  const [rows, columns, planes, count = 1] = images.shape;
  if (rows !== height || columns !== width || planes !== channels || !(images.values instanceof Uint8Array))
    return failure(
      'DATA_MISMATCH',
      `holds images of [${images.shape.slice(0, 3)}], expected bytes of ${height} x ${width} x ${channels} for ${title}`,
    );
  if (labels.values.length !== count)
    return failure('DATA_MISMATCH', `holds ${count} images, but ${labels.values.length} labels`);
  const outside = labels.values.findIndex((label) => !(Number.isInteger(label) && label >= 1 && label <= classes));
  if (outside >= 0)
    return failure(
      'DATA_LABEL_RANGE',
      `gives image ${outside} the label ${labels.values[outside]}, expected 1 to ${classes} for ${title}`,
    );
  return ok({
    count,
    pixels: channelsFirst(images.values, { count, channels, height, width }),
    labels: Uint8Array.from(labels.values, (label) => label % classes),
  });
}

/** Row fastest, image slowest → column fastest, image slowest. */
function channelsFirst(
  values: Uint8Array,
  { count, channels, height, width }: { count: number; channels: number; height: number; width: number },
): Uint8Array {
  const pixels = new Uint8Array(values.length);
  const area = height * width;
  for (let plane = 0; plane < count * channels; plane++) {
    const start = plane * area;
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++)
        pixels[start + row * width + column] = values[start + column * height + row] as number;
  }
  return pixels;
}
