/** The digest of a file of any size, read through one buffer. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { errorCode, onDisk } from './disk-failure.ts';

const buffer = Buffer.allocUnsafe(4 * 2 ** 20);

/** Undefined where there is no such file. */
export function hashFile(path: string): { readonly sha256: string; readonly bytes: number } | undefined {
  let file: number;
  try {
    file = onDisk(path, () => openSync(path, 'r'));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    for (;;) {
      const read = onDisk(path, () => readSync(file, buffer, 0, buffer.length, null));
      if (read === 0) return { sha256: hash.digest('hex'), bytes };
      hash.update(buffer.subarray(0, read));
      bytes += read;
    }
  } finally {
    closeSync(file);
  }
}
