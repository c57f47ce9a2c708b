/**
 * Exported files on the disk, each written beside and renamed, then read again and compared. A folder that holds something
 * else is left alone; exporting the same node into it again replaces what is there.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail, ok, type Result } from '../../base/result.ts';
import { toPixels } from '../../data/normalise.ts';
import { diskFailure } from '../store/disk-failure.ts';
import { writeDurably } from '../store/durable.ts';
import type { Exported } from './formats.ts';
import { parquetRows } from './parquet.ts';
import { decodedPlanes } from './pictures.ts';

/** Undefined where the folder may be written. */
export function occupied(folder: string, key: string): Result<void> {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return ok(undefined);
  try {
    const { key: there } = JSON.parse(readFileSync(join(folder, 'dataset.json'), 'utf8')) as { key?: string };
    if (there === key) return ok(undefined);
  } catch {
    // Not one of ours.
  }
  return fail('EXPORT_FOLDER_TAKEN', 'The folder holds something else already.', {
    place: folder,
    help: 'Choose another one with --to DIR, or move its files away.',
  });
}

export function writeFiles(folder: string, files: ReadonlyMap<string, Uint8Array>): Result<void> {
  try {
    for (const [path, bytes] of files) {
      const to = join(folder, path);
      mkdirSync(dirname(to), { recursive: true });
      writeDurably(to, bytes, { as: 'export' });
      if (Buffer.compare(readFileSync(to), bytes) !== 0)
        return fail('EXPORT_UNREADABLE', 'What was read back is not what was written.', {
          place: to,
          help: 'Check the disk.',
        });
    }
    return ok(undefined);
  } catch (error) {
    const failure =
      diskFailure(error, folder) ?? (error as { failure?: import('../../base/result.ts').Failure }).failure;
    if (!failure) throw error;
    return {
      ok: false,
      error: {
        ...failure,
        code: failure.code.replace('STORE_', 'EXPORT_'),
        message: failure.message.replace('The store', 'The folder'),
      },
    };
  }
}

/** Whether another reader finds in the files what the set holds: pixels of every picture, labels of every row. */
export async function sameAsSet({ files, set }: Exported): Promise<boolean> {
  if (!set) return true;
  const [count = 0, channels = 1, height = 1, width = 1] = set.images.shape;
  const pixels = toPixels(set.images, set.mean, set.std);
  const size = channels * height * width;
  const isImage = (bytes: Uint8Array, image: number) =>
    Buffer.compare(decodedPlanes(bytes, channels), pixels.subarray(image * size, (image + 1) * size)) === 0;
  const pictures = [...files].filter(([path]) => /^(images|train)\/.*\.png$/.test(path));
  for (const [path, bytes] of pictures) if (!isImage(bytes, Number(/(\d+)\.png$/.exec(path)?.[1]))) return false;
  for (const [path, bytes] of files) {
    if (!path.endsWith('.parquet')) continue;
    const rows = await parquetRows(bytes);
    if (rows.length !== count) return false;
    if (!rows.every(({ picture, label }, image) => label === set.labels.data[image] && isImage(picture, image)))
      return false;
  }
  return true;
}
