/**
 * Files with which nothing is lost but time: shortcuts and pictures of what other files tell, which are made again. Written
 * under `tmp/` and renamed, so that a reader finds one whole or not at all; not synced, so that after a crash of the machine
 * one may be torn. Whoever reads it must tell that from what is in it.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { temporaryPath } from './durable.ts';
import { fault, type HintFile } from './faults.ts';

export interface HintWrite {
  /** A folder on the same file system; the file's own folder where absent. */
  readonly tmp?: string;
  /** Whose fault points are passed. */
  readonly as: HintFile;
  /** Its folder is made where there is none. */
  readonly makeFolder?: boolean;
}

/** Writes or replaces `path`; where that cannot be done, what is wrong with the disk is told where it matters. */
export function writeHint(
  path: string,
  text: string,
  { tmp = dirname(path), as, makeFolder = false }: HintWrite,
): void {
  const beside = temporaryPath(tmp);
  try {
    writeFileSync(beside, text);
    fault(`${as}-written`);
    // Only now: where the store is gone, nothing of it is made again.
    if (makeFolder) mkdirSync(dirname(path), { recursive: true });
    renameSync(beside, path);
    fault(`${as}-renamed`);
  } catch {
    leaveOut(beside);
  }
}

/** What cannot even be looked for (its folder is a file) is not there. */
function leaveOut(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {}
}
