/** SVHN's MATLAB files, plain and packed, and what can be wrong with them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unwrap } from '../base/result.ts';
import { locateDataSet, openDataSet } from './registry.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'retort-svhn-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const words = (...values: number[]) => Buffer.from(Int32Array.from(values).buffer);

/** Tag, data, padding to 8. */
function element(type: number, data: Uint8Array): Buffer {
  return Buffer.concat([words(type, data.length), data, Buffer.alloc((8 - (data.length % 8)) % 8)]);
}

/** Class 9 are bytes, class 6 are doubles; `type` is how the numbers are stored. */
function matrix(name: string, shape: readonly number[], kind: number, type: number, data: Uint8Array): Buffer {
  const parts = [
    element(6, words(kind, 0)),
    element(5, words(...shape)),
    // A short name stands in its tag.
    Buffer.concat([words((name.length << 16) | 1), Buffer.from(name.padEnd(4, '\0'))]),
    element(type, data),
  ];
  return element(14, Buffer.concat(parts));
}

function mat(arrays: readonly Buffer[], pack = false): Buffer {
  const header = Buffer.alloc(128, ' ');
  header.writeUInt16LE(0x0100, 124);
  header.write('IM', 126, 'latin1');
  const elements = arrays.map((array) => {
    if (!pack) return array;
    const packed = deflateSync(array);
    return Buffer.concat([words(15, packed.length), packed]);
  });
  return Buffer.concat([header, ...elements]);
}

/** Pixel (row, column, channel, image) is row + 2·column + 60·channel + 7·image. */
function images(count: number): Buffer {
  const values = new Uint8Array(32 * 32 * 3 * count);
  for (let at = 0; at < values.length; at++) {
    const [row, column] = [at % 32, Math.floor(at / 32) % 32];
    const plane = Math.floor(at / 1024);
    values[at] = row + 2 * column + 60 * (plane % 3) + 7 * Math.floor(plane / 3);
  }
  return matrix('X', [32, 32, 3, count], 9, 2, values);
}
const byteLabels = (...labels: number[]) => matrix('y', [labels.length, 1], 6, 2, Uint8Array.from(labels));
const doubleLabels = (...labels: number[]) =>
  matrix('y', [labels.length, 1], 6, 9, Buffer.from(Float64Array.from(labels).buffer));

function write(train: Uint8Array, test: Uint8Array): void {
  writeFileSync(join(root, 'train_32x32.mat'), train);
  writeFileSync(join(root, 'test_32x32.mat'), test);
}

function messageOf(): string {
  const located = locateDataSet('svhn', root);
  return located.ok ? 'read' : located.error.message;
}

it('reads rows, columns, channels and labels, where 10 is the digit 0', () => {
  write(mat([images(3), byteLabels(10, 1, 9)], true), mat([images(2), doubleLabels(2, 10)]));
  const { folder, description } = unwrap(locateDataSet('svhn', root));
  expect(description).toBe('SVHN, subset (3 train, 2 test)');
  const { train, test } = unwrap(openDataSet('svhn', folder));
  expect([[...train.labels], [...test.labels]]).toEqual([
    [0, 1, 9],
    [2, 0],
  ]);
  const at = (image: number, channel: number, row: number, column: number) =>
    train.pixels[((image * 3 + channel) * 32 + row) * 32 + column];
  expect(at(2, 1, 5, 8)).toBe(5 + 16 + 60 + 14);
});

it('names the file that is broken off, damaged or of another kind', () => {
  const whole = mat([images(2), byteLabels(1, 2)], true);
  const test = mat([images(1), byteLabels(1)]);
  for (const length of [60, 130, 200, whole.length - 3]) {
    write(whole.subarray(0, length), test);
    expect(messageOf()).toMatch(/^train_32x32\.mat is truncated/);
  }
  const damaged = Buffer.from(whole);
  damaged.fill(0xee, 160, 200);
  write(damaged, test);
  expect(messageOf()).toMatch(/^train_32x32\.mat is (damaged|truncated)/);
  write(Buffer.from('MATLAB 7.3 MAT-file'.padEnd(512)), test);
  expect(messageOf()).toContain('of version 7.3');
  write(mat([images(2), byteLabels(1, 11)]), test);
  expect(messageOf()).toContain('gives image 1 the label 11, expected 1 to 10');
  write(mat([images(2), byteLabels(1)]), test);
  expect(messageOf()).toContain('holds 2 images, but 1 labels');
  write(mat([images(2)]), test);
  expect(messageOf()).toContain('has no arrays X and y');
});
