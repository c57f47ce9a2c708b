/** Noise in folders of pictures, so that stages read it as they read ImageNet. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { randomStream } from '../../tensor/random/stream.ts';

const SIDE = 224;
const random = randomStream({ base: 0 }, 'bench/imagenet-like');

/** A folder for `--data`, with `train` pictures of each of `classes`. */
export function imagenetLike(folder: string, classes: number, train: number): string {
  const inside = join(folder, 'imagenet-1k');
  const bytes = SIDE * SIDE * 4;
  for (let label = 0; label < classes; label++) {
    const uniforms = random.uniform(label, bytes);
    for (const [split, count] of [
      ['train', train],
      ['val', 1],
    ] as const) {
      const own = join(inside, split, `class${label}`);
      mkdirSync(own, { recursive: true });
      for (let index = 0; index < count; index++) {
        const picture = new PNG({ width: SIDE, height: SIDE });
        for (let at = 0; at < bytes; at++)
          picture.data[at] = at % 4 === 3 ? 255 : Math.floor(256 * (uniforms[at] ?? 0)) ^ index;
        writeFileSync(join(own, `${index}.png`), PNG.sync.write(picture, { deflateLevel: 1 }));
      }
    }
  }
  return inside;
}
