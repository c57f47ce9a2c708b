/** Folders as users have them: whole, mixed, incomplete, exchanged. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Failure } from '../base/result.ts';
import { unwrap } from '../base/result.ts';
import { encodeIdx, gzipReproducibly } from './idx-write.ts';
import { dataSetNames, locateDataSet, needsOf, openDataSet } from './registry.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'retort-data-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const labels = (values: number[]) => encodeIdx({ shape: [values.length], values: Uint8Array.from(values) });
const images = (count: number, first = 0, side = 28) =>
  encodeIdx({
    shape: [count, side, 28],
    values: Uint8Array.from({ length: count * side * 28 }, (_, at) => (first + at) % 256),
  });

/** A set of three training images and two test images. */
const SMALL: Readonly<Record<string, Uint8Array>> = {
  'train-images-idx3-ubyte': images(3),
  'train-labels-idx1-ubyte': labels([9, 0, 4]),
  't10k-images-idx3-ubyte': images(2, 100),
  't10k-labels-idx1-ubyte': labels([1, 1]),
};

function write(files: Readonly<Record<string, Uint8Array>>, ...folders: string[]): string {
  const folder = join(root, ...folders);
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files))
    writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipReproducibly(bytes) : bytes);
  return folder;
}

function failureOf(name: string, folder?: string): Failure {
  const result = locateDataSet(name, folder);
  if (result.ok) throw new Error('Expected a failure');
  return result.error;
}

it('reads a folder into pixels and labels', () => {
  write(SMALL);
  const located = unwrap(locateDataSet('fashion-mnist', root));
  const { summary, ...found } = located;
  expect(summary).toMatchObject({ trainImages: 3, testImages: 2, perClass: [1, 0, 0, 0, 1, 0, 0, 0, 0, 1] });
  expect(found).toEqual({
    folder: root,
    description: 'Fashion-MNIST, subset (3 train, 2 test)',
    files: Object.keys(SMALL).map((name) => join(root, name)),
  });
  const set = unwrap(openDataSet('fashion-mnist', located.folder));
  expect([set.train.count, set.test.count]).toEqual([3, 2]);
  expect([...set.train.labels]).toEqual([9, 0, 4]);
  expect(set.train.pixels.length).toBe(3 * 784);
  expect([...set.test.pixels.subarray(0, 3)]).toEqual([100, 101, 102]);
  expect(set.classNames).toHaveLength(set.classes);
});

it('takes names with dots, plain and gzip mixed, in the folder, in one named as the set, or as torchvision lays them', () => {
  const mixed = {
    'train-images.idx3-ubyte': SMALL['train-images-idx3-ubyte']!,
    'train-labels-idx1-ubyte.gz': SMALL['train-labels-idx1-ubyte']!,
    't10k-images.idx3-ubyte.gz': SMALL['t10k-images-idx3-ubyte']!,
    't10k-labels-idx1-ubyte': SMALL['t10k-labels-idx1-ubyte']!,
  };
  for (const folders of [['here'], ['there', 'mnist'], ['torch', 'MNIST', 'raw']]) {
    const folder = write(mixed, ...folders);
    const located = unwrap(locateDataSet('mnist', join(root, folders[0]!)));
    expect(located.folder).toBe(folder);
    expect(located.files).toEqual(Object.keys(mixed).map((name) => join(folder, name)));
    expect(unwrap(openDataSet('mnist', folder)).train.count).toBe(3);
  }
});

it("prefers the set's own sub-folder, so that one folder can hold all sets", () => {
  write(SMALL);
  const own = write(SMALL, 'fashion-mnist');
  expect(unwrap(locateDataSet('fashion-mnist', root)).folder).toBe(own);
  expect(unwrap(locateDataSet('mnist', root)).folder).toBe(root);
  // A located folder is read itself, whatever lies below it.
  write({ ...SMALL, 'train-labels-idx1-ubyte': labels([5, 5, 5]) }, 'fashion-mnist', 'fashion-mnist');
  expect([...unwrap(openDataSet('fashion-mnist', own)).train.labels]).toEqual([9, 0, 4]);
});

it('lists all missing files in one answer', () => {
  const empty = failureOf('fashion-mnist', root);
  expect(empty.code).toBe('DATA_MISSING');
  for (const name of Object.keys(SMALL)) expect(empty.message).toContain(name);
  expect(empty.help).toContain('dataset-fashion-mnist');

  write({ 't10k-images-idx3-ubyte': images(2), 'train-labels-idx1-ubyte.gz': labels([1]) }, 'fashion-mnist');
  const some = failureOf('fashion-mnist', root);
  expect(some.message).toBe(
    `Fashion-MNIST is incomplete: train-images-idx3-ubyte[.gz], t10k-labels-idx1-ubyte[.gz] are not in ${join(root, 'fashion-mnist')}.`,
  );
  expect(failureOf('mnist', join(root, 'nowhere')).message).toContain('does not exist');
  const file = join(root, 'file');
  writeFileSync(file, '');
  expect(failureOf('mnist', file).message).toContain('is a file');
  expect(openDataSet('mnist', join(root, 'nowhere')).ok).toBe(false);
});

it('says where to get a set that is not bundled, and which sets there are', () => {
  const failure = failureOf('mnist');
  expect(failure.code).toBe('DATA_NOT_BUNDLED');
  expect(failure.help).toMatch(/https:.*--data DIR/);
  expect(dataSetNames).toEqual(
    expect.arrayContaining(['fashion-mnist', 'mnist', 'svhn', 'cifar10', 'cifar100', 'tiny-imagenet', 'imagenette']),
  );
  expect(failureOf('mnits').help).toContain('fashion-mnist, mnist, ');
  expect(openDataSet('mnits', root).ok).toBe(false);
});

it('finds exchanged files', () => {
  write(SMALL);
  const at = (name: string) => join(root, name);
  renameSync(at('train-images-idx3-ubyte'), at('aside'));
  renameSync(at('train-labels-idx1-ubyte'), at('train-images-idx3-ubyte'));
  renameSync(at('aside'), at('train-labels-idx1-ubyte'));
  expect(failureOf('mnist', root).message).toContain('it holds images, not labels');

  // The images of one split beside the labels of the other.
  write({ ...SMALL, 'train-images-idx3-ubyte': images(2), 't10k-images-idx3-ubyte': images(3) });
  const failure = failureOf('mnist', root);
  expect(failure.code).toBe('DATA_MISMATCH');
  expect(failure.message).toBe('train-images-idx3-ubyte holds 2 images, but train-labels-idx1-ubyte holds 3 labels.');
});

it('finds what does not belong to the set', () => {
  write({ ...SMALL, 't10k-labels-idx1-ubyte': labels([3, 10]) });
  const outside = failureOf('mnist', root);
  expect(outside.code).toBe('DATA_LABEL_RANGE');
  expect(outside.message).toBe('t10k-labels-idx1-ubyte gives image 1 the label 10, expected 0 to 9 for MNIST.');
  expect(outside.place).toBe(join(root, 't10k-labels-idx1-ubyte'));

  write({ ...SMALL, 'train-images-idx3-ubyte': images(3, 0, 32) });
  expect(failureOf('mnist', root).message).toContain('images of 32 x 28 pixels, expected 28 x 28');

  write({ ...SMALL, 'train-images-idx3-ubyte': images(0), 'train-labels-idx1-ubyte': labels([]) });
  expect(failureOf('mnist', root).code).toBe('DATA_EMPTY');
});

it.each(['imagenette', 'imagewoof'])('%s is whole both as its archive and as classes of ImageNet', (name) => {
  // Fifty validation pictures a class, as the papers test on; the archives have eight times as many, and fewer to train on.
  expect(needsOf(name)?.official).toMatchObject({
    test: 500,
    said: expect.stringMatching(/archives.*ImageNet/) as string,
  });
  expect(needsOf(name)?.official.train).toBeLessThan(10_000);
});
