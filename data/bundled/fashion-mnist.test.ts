/** The committed files are what their README says. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { sha256 } from '../../base/digest.ts';
import { unwrap } from '../../base/result.ts';
import { indicesByClass } from '../normalise.ts';
import { bundledFolder, locateDataSet, openDataSet } from '../registry.ts';
import { firstOfEachClass } from './balanced.ts';
import { bundledSubset } from './make-fashion-mnist.ts';

const folder = bundledFolder('fashion-mnist');

/** Debian's package dataset-fashion-mnist. */
const OFFICIAL = '/usr/share/datasets/fashion-mnist';

it('is what locateDataSet gives without a folder', () => {
  const located = unwrap(locateDataSet('fashion-mnist'));
  expect(located.description).toBe('Fashion-MNIST, bundled subset (8,000 train, 2,000 test)');
  expect(located.folder).toBe(folder);
});

it('has the committed bytes', () => {
  const digests = unwrap(locateDataSet('fashion-mnist')).files.map((file) => sha256(readFileSync(file)));
  expect(digests).toEqual([
    '218270d967952b133e3b15460176438ed62b8e68c972c5404e993444e8a2635f',
    '562cc4db027c7db3f1267416d8c5f5b46380000356dc777139967ccc566827a4',
    'eba41845cc0189bddc464f252e42085a0ceef2b960d608bd2780a9313dfd2ecd',
    '723796dfebc76a3bcae53f5b9be602ddf7ddb019ddf25ac429fef730c0f45e75',
  ]);
});

it('is balanced: 800 training and 200 test images of each class', () => {
  const set = unwrap(openDataSet('fashion-mnist', folder));
  expect(indicesByClass(set.train, 10).map((indices) => indices.length)).toEqual(Array(10).fill(800));
  expect(indicesByClass(set.test, 10).map((indices) => indices.length)).toEqual(Array(10).fill(200));
});

it('fits in 5 MB with its licence', () => {
  const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(5_000_000);
  const licence = readFileSync(join(folder, 'LICENSE'), 'utf8');
  expect(licence).toContain('Copyright (c) 2017 Zalando SE, https://tech.zalando.com');
  expect(licence).toContain('Permission is hereby granted, free of charge');
});

it.skipIf(!existsSync(OFFICIAL))('is what its script makes of the official files', () => {
  const set = unwrap(openDataSet('fashion-mnist', OFFICIAL));
  expect([set.train.count, set.test.count]).toEqual([60_000, 10_000]);
  for (const [name, bytes] of Object.entries(bundledSubset(set)))
    expect(sha256(gunzipSync(readFileSync(join(folder, `${name}.gz`)))), name).toBe(sha256(bytes));
});

it.skipIf(!existsSync(OFFICIAL))(
  'the official files are not taken for those of MNIST, which have the same names and sizes',
  () => {
    expect(locateDataSet('mnist', OFFICIAL)).toMatchObject({
      ok: false,
      error: {
        code: 'DATA_OTHER_SET',
        message: expect.stringMatching(/ is that of Fashion-MNIST, not of MNIST\.$/) as string,
      },
    });
    expect(locateDataSet('fashion-mnist', OFFICIAL).ok).toBe(true);
  },
);

it('takes the first images of every class, in order, and only where there are enough', () => {
  const split = { count: 6, pixels: Uint8Array.of(10, 11, 12, 13, 14, 15), labels: Uint8Array.of(1, 1, 0, 1, 0, 0) };
  const part = unwrap(firstOfEachClass(split, 2, 2));
  expect([...part.labels]).toEqual([1, 1, 0, 0]);
  expect([...part.pixels]).toEqual([10, 11, 12, 14]);
  expect(firstOfEachClass(split, 2, 4).ok).toBe(false);
});
