import { expect, it } from 'vitest';
import { unwrap } from '../base/result.ts';
import { bundledFolder, openDataSet } from '../data/registry.ts';
import { encodeSafetensors } from '../tensor/files/safetensors.ts';
import { floats, ints } from '../tensor/tensor.ts';
import { heldFiles } from './held-files.ts';
import { rows } from './rows.ts';
import { imagesPerClassOf, readSyntheticSet, sortedLabels, syntheticSetFile } from './synthetic-set.ts';

const data = unwrap(openDataSet('fashion-mnist', bundledFolder('fashion-mnist')));
const set = {
  images: floats(
    Float32Array.from({ length: 20 * 784 }, (_, index) => Math.sin(index)),
    [20, 1, 28, 28],
  ),
  labels: sortedLabels(10, 2),
};

function codeOf(tensors: Parameters<typeof encodeSafetensors>[0]) {
  const read = readSyntheticSet(heldFiles({ 'synthetic.safetensors': encodeSafetensors(tensors) }), data);
  return read.ok ? 'ok' : read.error.code;
}

it('is read back as it was written', () => {
  const read = unwrap(readSyntheticSet(heldFiles(syntheticSetFile(set, data)), data));
  expect(read.images).toEqual(set.images);
  expect(read.labels).toEqual(set.labels);
  expect(imagesPerClassOf(read, 10)).toEqual({ ok: true, value: 2 });
});

it('is refused where it does not fit the data set', () => {
  expect(codeOf({ ...set, images: floats(new Float32Array(20 * 300), [20, 3, 10, 10]) })).toBe('SET_SHAPE');
  expect(codeOf({ labels: set.labels })).toBe('SET_SHAPE');
  expect(codeOf({ images: floats([], [0, 1, 28, 28]), labels: ints([]) })).toBe('SET_SHAPE');
  expect(codeOf({ ...set, labels: ints([1, 2, 3]) })).toBe('SET_LABELS');
  expect(codeOf({ ...set, labels: sortedLabels(20, 1) })).toBe('SET_LABELS');
  expect(codeOf({ images: set.images })).toBe('SET_LABELS');
});

it('tells an unbalanced set from a balanced one', () => {
  const labels = (values: number[]) => imagesPerClassOf({ ...set, labels: ints(values) }, 2);
  expect(labels([0, 0, 1, 1])).toEqual({ ok: true, value: 2 });
  for (const values of [[0, 1, 0, 1], [0, 0, 1], [0, 0, 0, 1], []])
    expect(labels(values)).toMatchObject({ ok: false, error: { code: 'SET_UNBALANCED' } });
});

it('carries what was learned beside the images, and belongs to one space', () => {
  const softLabels = floats(new Float32Array(200).fill(0.1), [20, 10]);
  const files = syntheticSetFile({ ...set, softLabels, learningRate: 0.25 }, data, 'abc');
  expect(unwrap(readSyntheticSet(heldFiles(files), data, 'abc'))).toEqual({ ...set, softLabels, learningRate: 0.25 });
  for (const other of [undefined, 'def'])
    expect(readSyntheticSet(heldFiles(files), data, other)).toMatchObject({
      ok: false,
      error: { code: 'SET_WHITENING' },
    });
  expect(codeOf({ ...set, soft_labels: floats([1], [1, 1]) })).toBe('SET_LABELS');
  expect(codeOf({ ...set, learning_rate: floats([-1], []) })).toBe('SET_LEARNING_RATE');
});

it('may be in parts, which are read as one in the order of their classes', () => {
  const part = (from: number, to: number): Record<string, Uint8Array> =>
    syntheticSetFile(
      { images: rows(set.images, 2 * from, 2 * (to - from)), labels: labelsOf(from, to) },
      data,
      undefined,
      [from, to],
    );
  const labelsOf = (from: number, to: number) => ints(set.labels.data.slice(2 * from, 2 * to));
  const parts = { ...part(7, 10), ...part(0, 7) };
  expect(Object.keys(parts)).toEqual(['synthetic-00007-00009.safetensors', 'synthetic-00000-00006.safetensors']);
  expect(unwrap(readSyntheticSet(heldFiles(parts), data))).toEqual(set);
  const small = encodeSafetensors({ images: floats([1], [1, 1, 1, 1]), labels: ints([0]) });
  expect(readSyntheticSet(heldFiles({ ...parts, 'synthetic-00010-00019.safetensors': small }), data)).toMatchObject({
    ok: false,
    error: { code: 'SET_PARTS', place: 'synthetic-00010-00019.safetensors' },
  });
});
