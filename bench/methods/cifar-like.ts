/** Noise in the official files of CIFAR, so that stages read it as they read the real set. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomStream } from '../../tensor/random/stream.ts';

const PIXELS = 3 * 32 * 32;
const random = randomStream({ base: 0 }, 'bench/cifar-like');

/** A folder for `--data`; every class has as many images as the others. */
export function cifarLike(folder: string, set: 'cifar10' | 'cifar100', train: number): string {
  const inside = join(folder, set === 'cifar10' ? 'cifar-10-batches-bin' : 'cifar-100-binary');
  mkdirSync(inside, { recursive: true });
  const write = (name: string, count: number, step: number) =>
    writeFileSync(join(inside, name), set === 'cifar10' ? records(count, step, 1, 10) : records(count, step, 2, 100));
  if (set === 'cifar10') {
    for (let batch = 1; batch <= 5; batch++) write(`data_batch_${batch}.bin`, train / 5, batch);
    write('test_batch.bin', 100, 6);
  } else {
    write('train.bin', train, 1);
    write('test.bin', 100, 2);
  }
  return inside;
}

/** `labels` bytes, the last of which is the class, then the pixels. */
function records(count: number, step: number, labels: number, classes: number): Uint8Array {
  const size = labels + PIXELS;
  const bytes = new Uint8Array(count * size);
  const uniforms = random.uniform(step, PIXELS + count);
  for (let image = 0; image < count; image++) {
    const at = image * size;
    const shift = Math.floor(256 * (uniforms[PIXELS + image] ?? 0));
    for (let pixel = 0; pixel < PIXELS; pixel++)
      bytes[at + labels + pixel] = Math.floor(256 * (uniforms[pixel] ?? 0)) + shift;
    bytes[at + labels - 1] = image % classes;
  }
  return bytes;
}
