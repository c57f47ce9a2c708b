/**
 * Of a folder of pictures a selection holds what it chooses and not what it chooses from. Measured by the operating system in
 * processes of their own: four times as many pictures, 189 MB more of pixels, may take no more than what the allocator and the
 * collector leave lying about, less than half of that.
 */
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../base/package-root.ts';

const SIDE = 128;
/** Folders of ImageWoof. */
const CLASSES = [
  ...['n02096294', 'n02093754', 'n02111889', 'n02088364', 'n02086240'],
  ...['n02089973', 'n02087394', 'n02115641', 'n02099601', 'n02105641'],
];
/** Of each class: enough for the collector to have been at work, in whole batches of the 64 that a network sees. */
const FEW = 128;
/** What is in memory of pictures at work hangs on when it is collected. */
const LEFT_LYING = 0.5 * 3 * FEW * CLASSES.length * 3 * SIDE ** 2;

let root: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'retort-select-'));
  const plain = { create: { width: SIDE, height: SIDE, channels: 3, background: { r: 90, g: 140, b: 30 } } } as const;
  const picture = join(root, 'picture.jpg');
  await sharp(plain).jpeg().toFile(picture);
  for (const [folder, count] of [
    ['few', FEW],
    ['many', 4 * FEW],
  ] as const)
    for (const id of CLASSES)
      for (const [split, images] of [
        ['train', count],
        ['val', 1],
      ] as const) {
        mkdirSync(join(root, folder, split, id), { recursive: true });
        for (let index = 0; index < images; index++) linkSync(picture, join(root, folder, split, id, `${index}.jpg`));
      }
});
afterAll(() => rmSync(root, { recursive: true }));

function peakOf(folder: string, method: string): number {
  const child = join(packageRoot(), 'dist/test/rig/select-memory.js');
  const told = execFileSync(process.execPath, ['--expose-gc', child, 'imagewoof', join(root, folder), method]);
  return (JSON.parse(told.toString()) as { peak: number }).peak;
}

it.runIf(process.platform === 'linux').each(['random', 'mean', 'herding'])(
  'memory of %s does not grow with the pictures that are chosen from',
  { timeout: 300_000 },
  (method) => {
    const [few, many] = [peakOf('few', method), peakOf('many', method)];
    expect(many - few).toBeLessThan(LEFT_LYING);
  },
);
