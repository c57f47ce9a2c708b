/**
 * Writing a file so that after a crash at any moment it is there whole or not at all: written beside under `tmp/`, synced,
 * given its name, its folder synced. Invariant: a file under its final name is complete and on the disk as far as the
 * disk can promise; what a crash leaves lies in `tmp/` and is never read.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Failure, FailureError } from '../../base/result.ts';
import { errorCode, onDisk } from './disk-failure.ts';
import { type BuiltFile, type DurableFile, fault } from './faults.ts';

export interface DurableWrite {
  /** A folder on the same file system; the file's own folder where absent. */
  readonly tmp?: string;
  readonly mode?: number;
  /** Whose fault points are passed. */
  readonly as: DurableFile;
}

/** Writes or replaces `path`. */
export function writeDurably(path: string, bytes: Uint8Array | string, options: DurableWrite): void {
  commit(path, bytes, options, renameSync);
}

/** Writes `path` unless it exists: of several writers exactly one succeeds. */
export function writeDurablyIfAbsent(path: string, bytes: Uint8Array | string, options: DurableWrite): boolean {
  return commit(path, bytes, options, linkOrRename);
}

function commit(
  path: string,
  bytes: Uint8Array | string,
  { tmp = dirname(path), mode = 0o666, as }: DurableWrite,
  name: (from: string, to: string) => void,
): boolean {
  return onDisk(path, () => {
    if (tmp === dirname(path)) makeFolder(tmp);
    const beside = temporaryPath(tmp);
    try {
      writeSynced(beside, typeof bytes === 'string' ? Buffer.from(bytes) : bytes, as, mode);
      // Only now: where the store is gone, nothing of it is made again.
      makeFolder(dirname(path));
      fault(`${as}-synced`);
      name(beside, path);
    } catch (error) {
      rmSync(beside, { force: true });
      if (name === linkOrRename && errorCode(error) === 'EEXIST') return false;
      throw errorCode(error) === 'ENOENT' ? new FailureError(gone(path)) : error;
    }
    fault(`${as}-renamed`);
    syncFolder(dirname(path));
    fault(`${as}-durable`);
    return true;
  });
}

function gone(path: string): Failure {
  return {
    code: 'STORE_GONE',
    message: 'A folder of the store was moved or deleted while it was in use.',
    place: path,
    help: 'Put it back, or run the same command again: what is missing is made anew.',
  };
}

export function temporaryPath(folder: string): string {
  return join(folder, `${process.pid}-${randomBytes(8).toString('hex')}.tmp`);
}

/** Writes a new file and brings its bytes to the disk; its name is not yet safe there. */
export function writeSynced(path: string, bytes: Uint8Array, as: DurableFile | BuiltFile, mode = 0o666): void {
  const file = openSync(path, 'wx', mode);
  try {
    fault(`${as}-opened`);
    // In two halves, so that a torn file can be made on purpose; a write may also be cut short by the system.
    writeAll(file, bytes.subarray(0, bytes.length >> 1));
    fault(`${as}-half-written`);
    writeAll(file, bytes.subarray(bytes.length >> 1));
    fault(`${as}-written`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}

/** Makes a folder and those above it; the names of new ones are synced. */
export function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) syncFolder(dirname(made));
}

/** Brings the names in a folder to the disk. */
export function syncFolder(path: string): void {
  // Windows can neither open a folder nor needs to: its journal holds the names.
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Not every file system has hard links; without them the lease alone keeps a second writer away. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL']);

function linkOrRename(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!NO_LINKS.has(errorCode(error) ?? '')) throw error;
    closeSync(openSync(to, 'wx'));
    renameSync(from, to);
    return;
  }
  rmSync(from, { force: true });
}
