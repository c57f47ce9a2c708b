/** Both layouts of CIFAR, files that are broken off or of another set, and pickles that would act. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Failure, unwrap } from '../base/result.ts';
import { checkDigests, describeDigests } from './digests.ts';
import { readPickle } from './pickle.ts';
import { locateDataSet, openDataSet } from './registry.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'retort-cifar-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const NAMES = [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}`).concat('test_batch');
const picture = (seed: number) => Uint8Array.from({ length: 3072 }, (_, at) => (seed * 31 + at) % 256);
const record = (label: number, seed: number) => Buffer.concat([Buffer.from([label]), picture(seed)]);

function write(name: string, bytes: Uint8Array, ...folders: string[]): string {
  const folder = join(root, ...folders);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), bytes);
  return folder;
}

const ascii = (text: string) => Buffer.from(text, 'latin1');
const short = (text: string) => Buffer.concat([ascii(`U${String.fromCharCode(text.length)}`), ascii(text)]);
const long = (bytes: Uint8Array) => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([ascii('T'), length, bytes]);
};

/** A batch as Python 2 wrote the official ones: protocol 2, byte strings, an array by _reconstruct and its state. */
function pickledBatch(labels: readonly number[], key = 'labels', columns = 3072): Buffer {
  const array = [
    ascii('cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85'),
    short('b'),
    ascii(`\x87R(K\x01K${String.fromCharCode(labels.length)}`),
    Buffer.from([0x4d, columns & 255, columns >> 8, 0x86]),
    ascii('cnumpy\ndtype\n'),
    short('u1'),
    ascii('K\x00K\x01\x87R(K\x03'),
    short('|'),
    ascii('NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89'),
    long(Buffer.concat(labels.map((_, index) => picture(index).subarray(0, columns)))),
    ascii('tb'),
  ];
  const list = labels.map((label) => `K${String.fromCharCode(label)}`).join('');
  return Buffer.concat([
    ascii('\x80\x02}q\x01('),
    short(key),
    ascii(`]q\x02(${list}e`),
    short('data'),
    ...array,
    ascii('u.'),
  ]);
}

function failureOf(name: string): Failure {
  const result = locateDataSet(name, root);
  if (result.ok) throw new Error('Expected a failure');
  return result.error;
}

it('reads the binary layout: batches one after the other', () => {
  for (const [index, name] of NAMES.entries())
    write(`${name}.bin`, Buffer.concat([record(index, index), record(9, 77)]));
  const located = unwrap(locateDataSet('cifar10', root));
  expect(located.description).toBe('CIFAR-10, subset (10 train, 2 test)');
  const set = unwrap(openDataSet('cifar10', located.folder));
  expect([...set.train.labels]).toEqual([0, 9, 1, 9, 2, 9, 3, 9, 4, 9]);
  expect([...set.test.labels]).toEqual([5, 9]);
  expect(set.train.pixels.subarray(2 * 3072, 3 * 3072)).toEqual(picture(1));
  expect(describeDigests(checkDigests('cifar10', located.files))).toContain('not as published: data_batch_1.bin');
});

it('takes the fine labels of CIFAR-100', () => {
  const fine = (coarse: number, label: number) => Buffer.concat([Buffer.from([coarse]), record(label, label)]);
  write('train.bin', Buffer.concat([fine(1, 99), fine(2, 3)]), 'cifar-100-binary');
  write('test.bin', fine(4, 5), 'cifar-100-binary');
  const { folder } = unwrap(locateDataSet('cifar100', root));
  expect([...unwrap(openDataSet('cifar100', folder)).train.labels]).toEqual([99, 3]);
});

it('reads the Python layout and executes nothing', () => {
  for (const [index, name] of NAMES.entries()) write(name, pickledBatch([index, 7]), 'cifar-10-batches-py');
  const { folder } = unwrap(locateDataSet('cifar10', root));
  const set = unwrap(openDataSet('cifar10', folder));
  expect([...set.train.labels]).toEqual([0, 7, 1, 7, 2, 7, 3, 7, 4, 7]);
  expect(set.train.pixels.subarray(3072, 2 * 3072)).toEqual(picture(1));

  write('data_batch_3', ascii('\x80\x02cos\nsystem\nU\x04ls -\x85R.'), 'cifar-10-batches-py');
  expect(failureOf('cifar10').message).toContain(
    'data_batch_3 is not a plain data file: its pickle wants to use "os.system"',
  );
});

it('refuses what a pickle must not hold', () => {
  const message = (bytes: Uint8Array) => {
    const read = readPickle(bytes);
    return read.ok ? 'read' : read.error.message;
  };
  const whole = pickledBatch([1, 2]);
  expect(message(whole)).toBe('read');
  for (const length of [1, 3, 40, 90, whole.length - 1]) {
    expect(message(whole.subarray(0, length))).toMatch(/truncated/);
  }
  expect(message(Buffer.concat([whole, ascii('x')]))).toBe('is too long: 1 bytes follow the end of its pickle');
  expect(message(ascii('(lp0\n.'))).toContain('protocol');
  expect(message(ascii('\x80\x02i.'))).toContain('instruction 0x69');
  expect(message(ascii('\x80\x02K\x01R.'))).toContain('makes no sense');
  expect(message(ascii('\x80\x02.'))).toContain('makes no sense');
  // Any damage is an answer, never an exception.
  for (let at = 0; at < 400; at++) {
    const damaged = Buffer.from(whole);
    damaged[at % 250] = (at * 37) % 256;
    expect(typeof message(damaged)).toBe('string');
  }
});

it('names the file that is broken off, of another set, or missing', () => {
  for (const name of NAMES) write(`${name}.bin`, record(1, 1));
  write('data_batch_4.bin', record(1, 1).subarray(0, 3000));
  expect(failureOf('cifar10')).toMatchObject({ code: 'DATA_TRUNCATED', place: join(root, 'data_batch_4.bin') });
  write('data_batch_4.bin', record(10, 1));
  expect(failureOf('cifar10').message).toBe(
    'data_batch_4.bin gives image 0 the label 10, expected 0 to 9 for CIFAR-10.',
  );
  rmSync(join(root, 'data_batch_4.bin'));
  expect(failureOf('cifar10').message).toBe(`CIFAR-10 is incomplete: data_batch_4.bin is not in ${root}.`);
  expect(failureOf('cifar100').message).toContain('train[.bin], test[.bin] are not in');

  for (const name of NAMES) write(name, pickledBatch([1], 'fine_labels'), 'cifar-10-batches-py');
  expect(failureOf('cifar10').message).toContain('has no list "labels"');
});

it('makes sets of some classes', () => {
  for (const [index, name] of NAMES.entries())
    write(`${name}.bin`, Buffer.concat([record(index, index), record(9, 77)]));
  const subset = unwrap(openDataSet('cifar10?classes=9,2', root));
  expect(subset).toMatchObject({ classes: 2, classNames: ['truck', 'bird'] });
  expect([...subset.train.labels]).toEqual([0, 0, 1, 0, 0, 0]);
  expect(subset.train.pixels.subarray(2 * 3072, 3 * 3072)).toEqual(picture(2));
  expect(openDataSet('cifar10?classes=10', root).ok).toBe(false);
});
