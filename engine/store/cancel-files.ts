/**
 * Asking a run that another process drives to stop, as a whole or at one node: a file in the run's folder, which the driver
 * looks for and takes away. A file is the one thing that every machine of a shared disk can see.
 *
 *     runs/<run>/cancel/<digest>.json   { node } or { run }
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../base/digest.ts';
import { errorCode, onDisk } from './disk-failure.ts';
import { writeDurably } from './durable.ts';
import { fault } from './faults.ts';
import type { RunFolder } from './runs.ts';

/** The whole run where no node is named. */
export interface CancelRequest {
  readonly node?: string;
}

/** A run as far as it must be known: its plan is big. */
export type Where = Pick<RunFolder, 'folder' | 'store'>;

const folderOf = (run: Where) => join(run.folder, 'cancel');

function fileOf(run: Where, { node }: CancelRequest): string {
  return join(folderOf(run), `${node === undefined ? 'run' : sha256(node).slice(0, 16)}.json`);
}

export function askToCancel(run: Where, request: CancelRequest): void {
  writeDurably(fileOf(run, request), `${JSON.stringify(request)}\n`, { tmp: run.store.tmp, as: 'cancel' });
}

/** Nobody has taken it yet. */
export function isAsked(run: Where, request: CancelRequest): boolean {
  return existsSync(fileOf(run, request));
}

export function withdraw(run: Where, request: CancelRequest): void {
  rmSync(fileOf(run, request), { force: true });
  fault('cancel-withdrawn');
}

/** All that was asked since; each is told once. */
export function takeCancelRequests(run: Where): CancelRequest[] {
  const folder = folderOf(run);
  let names: string[];
  try {
    names = onDisk(folder, () => readdirSync(folder));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
  return names.flatMap((name) => {
    const path = join(folder, name);
    try {
      const request = JSON.parse(readFileSync(path, 'utf8')) as CancelRequest;
      rmSync(path, { force: true });
      fault('cancel-taken');
      return [request];
    } catch {
      // Withdrawn, or not ours to understand.
      return [];
    }
  });
}
