/**
 * The format of MNIST and Fashion-MNIST: four IDX files, images and labels of two splits, each plain or gzip.
 * Invariant: what is read has as many labels as images, images of the set's size, and no label out of range.
 */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail, ok, type Result } from '../base/result.ts';
import type { DataFormat, DataSetFacts, Split, Splits } from './data-set.ts';
import { readIdx } from './idx.ts';

/** The names of the official files without `.gz`; the order of `find`. */
export const IDX_FILES = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
] as const;

export const idxSet: DataFormat = { find, read };

function find(folder: string): { files: readonly string[]; missing: readonly string[] } {
  const files: string[] = [];
  const missing: string[] = [];
  for (const official of IDX_FILES) {
    // Some archives and unpackers write a dot for the second dash.
    const dotted = official.replace(/-idx(\d)/, '.idx$1');
    const found = [official, `${official}.gz`, dotted, `${dotted}.gz`]
      .map((name) => join(folder, name))
      .find((path) => existsSync(path));
    if (found === undefined) missing.push(`${official}[.gz]`);
    else files.push(found);
  }
  return { files, missing };
}

function read(files: readonly string[], facts: DataSetFacts): Result<Splits> {
  const [trainImages, trainLabels, testImages, testLabels] = files;
  if (trainImages === undefined || trainLabels === undefined || testImages === undefined || testLabels === undefined)
    throw new Error(`Internal error: expected 4 files, got ${files.length}`);
  const train = readSplit(trainImages, trainLabels, facts);
  if (!train.ok) return train;
  const test = readSplit(testImages, testLabels, facts);
  if (!test.ok) return test;
  return ok({ train: train.value, test: test.value });
}

function readSplit(imagesPath: string, labelsPath: string, facts: DataSetFacts): Result<Split> {
  const { title, classes, height, width } = facts;
  // Labels first: they are small, and most mistakes show in them already.
  const labels = readIdx(labelsPath, 1);
  if (!labels.ok) return labels;
  const images = readIdx(imagesPath, 3);
  if (!images.ok) return images;

  const [count = 0, rows, columns] = images.value.shape;
  const found = labels.value.values;
  if (rows !== height || columns !== width)
    return fail(
      'DATA_MISMATCH',
      `${basename(imagesPath)} holds images of ${rows} x ${columns} pixels, expected ${height} x ${width} for ${title}.`,
      { place: imagesPath, help: `Check that the folder holds ${title} and not another set.` },
    );
  if (found.length !== count)
    return fail(
      'DATA_MISMATCH',
      `${basename(imagesPath)} holds ${count.toLocaleString('en-US')} images, but ${basename(labelsPath)} holds ${found.length.toLocaleString('en-US')} labels.`,
      { place: labelsPath, help: 'Take both files from the same set and the same split.' },
    );
  if (count === 0)
    return fail('DATA_EMPTY', `${basename(imagesPath)} holds no images, expected at least one.`, { place: imagesPath });
  const outside = found.findIndex((label) => label >= classes);
  if (outside >= 0)
    return fail(
      'DATA_LABEL_RANGE',
      `${basename(labelsPath)} gives image ${outside} the label ${found[outside]}, expected 0 to ${classes - 1} for ${title}.`,
      { place: labelsPath, help: `Check that the folder holds ${title} and not another set.` },
    );
  return ok({ count, pixels: images.value.values, labels: found });
}
