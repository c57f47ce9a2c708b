/**
 * A fresh folder on a file system in memory, where there is one that takes files: a kill loses nothing that was written, so it
 * tells as much as a disk, and syncs sixty times faster. In containers it may be small, or another user's.
 */
import { mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes that must be free: more than all stores of a test file together. */
const ENOUGH = 32 * 2 ** 20;

export function memoryFolder(purpose: string): string {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    if (bavail * bsize >= ENOUGH) return mkdtempSync(join('/dev/shm', `retort-${purpose}-`));
  } catch {
    // None, or not for us.
  }
  return mkdtempSync(join(tmpdir(), `retort-${purpose}-`));
}
