/** Folders of pictures: Tiny-ImageNet's layout and ImageNet's, and pictures that are broken. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unwrap } from '../base/result.ts';
import { imageFolderSet } from './image-folder-set.ts';
import { normalised } from './normalise.ts';
import { bundledFolder, dataSetFacts, locateDataSet, openDataFacts, openDataSet } from './registry.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'retort-pictures-'));
});
afterEach(() => rmSync(root, { recursive: true }));

type Colour = readonly [number, number, number];

/** One colour all over, which JPEG keeps within a step or two. */
async function write(path: string, [r, g, b]: Colour, width = 64, height = 64, grey = false): Promise<void> {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  const picture = sharp({ create: { width, height, channels: 3, background: { r, g, b } } });
  await (grey ? picture.toColourspace('b-w') : picture).jpeg().toFile(join(root, path));
}

async function writeTiny(): Promise<void> {
  await write('train/n02/images/n02_0.JPEG', [200, 10, 10]);
  await write('train/n02/images/n02_1.JPEG', [200, 20, 10]);
  await write('train/n01/images/n01_0.JPEG', [90, 90, 90], 64, 64, true);
  await write('val/images/val_0.JPEG', [10, 200, 10]);
  await write('val/images/val_1.JPEG', [10, 10, 200]);
  writeFileSync(join(root, 'val/val_annotations.txt'), 'val_1.JPEG\tn01\t0\t0\t1\t1\nval_0.JPEG\tn02\t0\t0\t1\t1\n');
}

const messageOf = (name: string) => {
  const located = locateDataSet(name, root);
  return located.ok ? 'read' : located.error.message;
};

it("reads Tiny-ImageNet's layout, colour and grey", async () => {
  await writeTiny();
  const located = unwrap(locateDataSet('tiny-imagenet', root));
  expect(located.description).toBe('Tiny-ImageNet, subset (2 of 200 classes, 3 train, 2 test)');
  expect(located.summary.perClass).toEqual([1, 2]);
  const set = unwrap(openDataSet('tiny-imagenet', located.folder));
  expect(set).toMatchObject({ classes: 2, classNames: ['n01', 'n02'] });
  expect([[...set.train.labels], [...set.test.labels]]).toEqual([
    [0, 1, 1],
    [1, 0],
  ]);
  const first = [0, 1, 2].map((channel) => set.train.pixels[channel * 4096 + 77] ?? 0);
  expect(new Set(first).size).toBe(1);
  const second = [0, 1, 2].map((channel) => set.train.pixels[(3 + channel) * 4096 + 77] ?? 0);
  for (const [channel, value] of [200, 10, 10].entries())
    expect(Math.abs((second[channel] ?? 0) - value)).toBeLessThan(4);
});

it('finds pictures that are broken off before anything starts, and damage while reading', async () => {
  await writeTiny();
  const path = join(root, 'train/n02/images/n02_1.JPEG');
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, whole.length - 200));
  expect(messageOf('tiny-imagenet')).toBe('n02_1.JPEG is truncated: its picture has no end.');
  writeFileSync(path, 'no picture');
  expect(messageOf('tiny-imagenet')).toBe('n02_1.JPEG is neither a JPEG nor a PNG picture.');
  writeFileSync(path, Buffer.concat([whole.subarray(0, 20), whole.subarray(-20)]));
  expect(messageOf('tiny-imagenet')).toBe('read');
  const opened = openDataSet('tiny-imagenet', root);
  expect(opened).toMatchObject({ ok: false, error: { code: 'DATA_CORRUPT', place: path } });

  await write('train/n02/images/n02_1.JPEG', [1, 2, 3], 48, 64);
  const other = openDataSet('tiny-imagenet', root);
  expect(other.ok ? '' : other.error.message).toBe('n02_1.JPEG has 64 x 48 pixels, expected 64 x 64.');
});

it('says which pictures have no class', async () => {
  await writeTiny();
  writeFileSync(join(root, 'val/val_annotations.txt'), 'val_1.JPEG\tn01\n');
  expect(messageOf('tiny-imagenet')).toBe("val_0.JPEG is of no class of Tiny-ImageNet's training pictures.");
  rmSync(join(root, 'val'), { recursive: true });
  expect(messageOf('tiny-imagenet')).toContain('val/ is not in');
});

it('takes the classes of a subset from a folder of all, in the order of the literature, scaled and cut', async () => {
  const woof = [
    'n02096294',
    'n02093754',
    'n02111889',
    'n02088364',
    'n02086240',
    'n02089973',
    'n02087394',
    'n02115641',
    'n02099601',
    'n02105641',
  ];
  for (const [label, id] of woof.entries()) {
    await write(`imagenet/train/${id}/a.JPEG`, [20 * label, 0, 0], 200, 160);
    await write(`imagenet/val/${id}/b.JPEG`, [0, 20 * label, 0], 128, 300);
  }
  await write('imagenet/train/n01440764/c.JPEG', [1, 1, 1], 10, 10);
  const located = unwrap(locateDataSet('imagewoof', root));
  expect(located.description).toBe('ImageWoof, subset (10 train, 10 test)');
  const set = unwrap(openDataSet('imagewoof', located.folder));
  expect([...set.train.labels]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(set.train.pixels.length).toBe(10 * 3 * 128 * 128);
  expect(Math.abs((set.train.pixels[9 * 3 * 16384] ?? 0) - 180)).toBeLessThan(4);
  rmSync(join(root, 'imagenet/train', 'n02105641'), { recursive: true });
  expect(messageOf('imagewoof')).toContain('train/n02105641/ is not in');
});

it('reads no picture of classes that are left out', async () => {
  await writeTiny();
  await write('train/n03/images/n03_0.JPEG', [10, 10, 99]);
  await write('train/n03/images/n03_1.JPEG', [10, 10, 99]);
  await write('val/images/val_2.JPEG', [1, 1, 1]);
  const annotations = join(root, 'val/val_annotations.txt');
  writeFileSync(annotations, `${readFileSync(annotations, 'utf8')}val_2.JPEG\tn03\n`);
  // A class of the whole set is one that has pictures.
  mkdirSync(join(root, 'train/n00/images'), { recursive: true });
  writeFileSync(join(root, 'train/n02/images/n02_0.JPEG'), 'no picture');
  writeFileSync(join(root, 'val/images/val_0.JPEG'), 'no picture');
  expect(messageOf('tiny-imagenet')).toBe('n02_0.JPEG is neither a JPEG nor a PNG picture.');

  const name = 'tiny-imagenet?classes=2,0';
  const located = unwrap(locateDataSet(name, root));
  expect(located.files.map((path) => path.slice(root.length + 1))).toEqual([
    'train/n01/images/n01_0.JPEG',
    'train/n03/images/n03_0.JPEG',
    'train/n03/images/n03_1.JPEG',
    'val/val_annotations.txt',
    'val/images/val_1.JPEG',
    'val/images/val_2.JPEG',
  ]);
  const set = unwrap(openDataSet(name, root));
  expect(set).toMatchObject({ classes: 2, classNames: ['n03', 'n01'] });
  expect([[...set.train.labels], [...set.test.labels]]).toEqual([
    [1, 0, 0],
    [1, 0],
  ]);
  const blue = (index: number) => set.train.pixels[(3 * index + 2) * 4096] ?? 0;
  for (const [index, value] of [90, 99, 99].entries()) expect(Math.abs(blue(index) - value)).toBeLessThan(5);

  const one = unwrap(openDataSet('tiny-imagenet?classes=2,0&trainPerClass=1', root));
  expect([...one.train.labels]).toEqual([1, 0]);
  expect(unwrap(openDataSet('tiny-imagenet?classes=2,0&train=1', root)).train.count).toBe(1);
  expect(openDataSet('tiny-imagenet?classes=0,3', root)).toMatchObject({
    ok: false,
    error: { code: 'DATA_CLASS', message: 'Tiny-ImageNet has no class 3 with pictures in train/.' },
  });
});

it('a part of a subset keeps the names of its classes', async () => {
  for (const id of ['n02096294', 'n02093754', 'n02111889']) {
    await write(`train/${id}/a.JPEG`, [20, 0, 0], 128, 128);
    await write(`val/${id}/b.JPEG`, [0, 20, 0], 128, 128);
  }
  const set = unwrap(openDataSet('imagewoof?classes=2,1', root));
  expect(set.classNames).toEqual(['Samoyed', 'Border terrier']);
  expect([...set.train.labels]).toEqual([1, 0]);
  expect(openDataSet('imagewoof?classes=1,3', root)).toMatchObject({ ok: false, error: { code: 'DATA_MISSING' } });
});

it('decodes the pictures of a large set as they are asked for, to the same numbers', async () => {
  await writeTiny();
  const facts = dataSetFacts('tiny-imagenet')!;
  const read = (mostHeld?: number) => {
    const format = imageFolderSet({ resize: false, ...(mostHeld !== undefined && { mostHeld }) });
    return unwrap(format.read(format.find(root).files, facts));
  };
  const [held, streamed] = [read(), read(2 * 3 * 64 * 64)];
  expect([streamed.train.pixels.length, streamed.train.count]).toEqual([0, 3]);
  expect(streamed.test.decode).toBeUndefined();
  for (const indices of [[2, 0, 2], [1], []])
    for (const next of [undefined, [1], [2, 1, 0]])
      expect(normalised(facts, streamed.train, indices, next)).toEqual(normalised(facts, held.train, indices));
  expect(() => normalised(facts, streamed.train, [3])).toThrow(/expected an index below 3/);
  // What is damaged is told when its turn has come, and the next pictures are read all the same.
  const path = join(root, 'train/n02/images/n02_1.JPEG');
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, 200));
  expect(() => normalised(facts, streamed.train, [0, 2])).toThrow(/n02_1\.JPEG cannot be decoded/);
  expect(normalised(facts, streamed.train, [0, 1])).toEqual(normalised(facts, held.train, [0, 1]));
});

it('holds none of a set that is to be read picture by picture, and decodes only what is asked for', async () => {
  await writeTiny();
  writeFileSync(join(root, 'train/n02/images/n02_1.JPEG'), readFileSync(join(root, 'val/val_annotations.txt')));
  expect(openDataSet('tiny-imagenet', root)).toMatchObject({ ok: false, error: { code: 'DATA_CORRUPT' } });
  const { train, test } = unwrap(openDataSet('tiny-imagenet', root, { streamed: true }));
  expect([train.pixels.length, test.pixels.length]).toEqual([0, 0]);
  expect(train.decode?.([0, 1])).toHaveLength(2 * 3 * 64 * 64);
  expect(() => train.decode?.([2])).toThrow(/n02_1\.JPEG cannot be decoded/);
});

it('says what is known of a set without a look at its pictures', async () => {
  await writeTiny();
  writeFileSync(join(root, 'train/n02/images/n02_1.JPEG'), 'no picture');
  const whole = unwrap(openDataFacts('tiny-imagenet', root));
  expect(whole).toMatchObject({ classes: 2, classNames: ['n01', 'n02'] });
  writeFileSync(join(root, 'train/n02/images/n02_1.JPEG'), readFileSync(join(root, 'train/n02/images/n02_0.JPEG')));
  const bundled = bundledFolder('fashion-mnist');
  const cases = [
    ['tiny-imagenet', root],
    ['tiny-imagenet?classes=1', root],
    ['fashion-mnist', bundled],
    ['fashion-mnist?classes=3,1&train=10', bundled],
  ] as const;
  for (const [name, folder] of cases) {
    const { train, test, ...facts } = unwrap(openDataSet(name, folder));
    expect(unwrap(openDataFacts(name, folder))).toEqual(facts);
  }
  expect(openDataFacts('tiny-imagenet', join(root, 'val'))).toMatchObject({
    ok: false,
    error: { code: 'DATA_MISSING' },
  });
});

it('scales the whole of ImageNet to 64 pixels as well', async () => {
  await write('imagenet/train/n01440764/a.JPEG', [200, 0, 0], 100, 80);
  await write('imagenet/val/n01440764/b.JPEG', [0, 200, 0], 80, 300);
  const { folder, summary } = unwrap(locateDataSet('imagenet-1k-64', root));
  expect(summary).toMatchObject({ classes: 1, height: 64, width: 64 });
  const { train } = unwrap(openDataSet('imagenet-1k-64', folder));
  expect(train.pixels.length).toBe(3 * 64 * 64);
  expect(Math.abs((train.pixels[0] ?? 0) - 200)).toBeLessThan(4);
});
