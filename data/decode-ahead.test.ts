/** Pictures that are read ahead: the same bytes, each failure in its own turn, and one batch ahead at most. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unwrap } from '../base/result.ts';
import { decodeAhead } from './decode-ahead.ts';
import { beginDecoding, decodePictures } from './decode-images.ts';

const SIZE = { height: 24, width: 24, resize: false };
let root: string;
let paths: string[];
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'retort-ahead-'));
  paths = Array.from({ length: 12 }, (_, index) => join(root, `${index}.png`));
  for (const [index, path] of paths.entries()) {
    const background = { r: 20 * index, g: 255 - index, b: 7 * index };
    await sharp({ create: { width: 24, height: 24, channels: 3, background } })
      .png()
      .toFile(path);
  }
});
afterEach(() => rmSync(root, { recursive: true }));

const plain = (indices: readonly number[]) =>
  unwrap(
    decodePictures(
      indices.map((index) => paths[index] ?? ''),
      SIZE,
    ),
  );

/** What was begun before is through when this is: pictures are taken up in the order in which they were asked for. */
const waitForAll = () => plain(Array.from({ length: 200 }, (_, index) => index % 2));

it('gives the same bytes whether a batch was read ahead, another one was, or none', () => {
  const decode = decodeAhead(paths, SIZE);
  const calls: readonly (readonly [number[], number[]?])[] = [
    [
      [3, 1, 4],
      [1, 5],
    ],
    [
      [1, 5],
      [9, 2],
    ],
    [[6, 5], [3]],
    [[3, 5], []],
    [[8], [8]],
    [[8]],
    [[]],
  ];
  for (const [indices, next] of calls) expect([...decode(indices, next)]).toEqual([...plain(indices)]);
});

it('decodes what comes next while the caller does other things', () => {
  const decode = decodeAhead(paths, SIZE);
  const wanted = [...plain([6, 7])];
  decode([3], [6, 7]);
  waitForAll();
  for (const index of [6, 7]) rmSync(paths[index] as string);
  expect([...decode([6, 7])]).toEqual(wanted);
  expect(() => decode([6, 7])).toThrow(/6\.png cannot be decoded/);
});

it('says that a picture is damaged when its turn has come', () => {
  writeFileSync(paths[7] as string, 'no picture');
  writeFileSync(paths[9] as string, 'no picture');
  const [one, other] = [decodeAhead(paths, SIZE), decodeAhead(paths, SIZE)];
  one([3], [7, 2]);
  // Another split of the same set, whose pictures go through the same decoder.
  other([4], [9]);
  expect(() => other([9])).toThrow(/9\.png cannot be decoded/);
  expect(() => one([7, 2], [1])).toThrow(/7\.png cannot be decoded/);
  expect([...one([1], [9])]).toEqual([...plain([1])]);
  // What was read ahead in vain says nothing.
  expect([...one([2])]).toEqual([...plain([2])]);
});

it('waits for decodings in any order', () => {
  const begun = [0, 1, 2].map((index) => beginDecoding([paths[index] as string], SIZE));
  const waited = [2, 0, 1].map((at) => [...unwrap((begun[at] as (typeof begun)[number]).wait())]);
  expect(waited).toEqual([2, 0, 1].map((index) => [...plain([index])]));
});

it('reads nothing ahead that would not fit beside the batch at work', () => {
  const decode = decodeAhead(paths, SIZE, 2 * 3 * 24 ** 2);
  decode([3], [5, 6, 7]);
  waitForAll();
  rmSync(paths[6] as string);
  expect(() => decode([5, 6, 7])).toThrow(/6\.png cannot be decoded/);
  const [first, ...rest] = [8, 9, 10];
  decode([first as number], rest);
  waitForAll();
  rmSync(paths[9] as string);
  expect(decode(rest)).toHaveLength(2 * 3 * 24 ** 2);
});
