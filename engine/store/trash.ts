/**
 * What is put aside instead of deleted, so that it can be brought back.
 *
 *     trash/<batch>/contents.json       what is in it and why; written before anything is moved
 *     trash/<batch>/files/<path>        each file or folder under the path that it had in the store
 *
 * Everything moves by renaming, in the order of an item's paths: the key file first, since without one nothing is believed,
 * its objects after it; back again in the opposite order. A kill in between leaves every file in one of the two places, and
 * the same command goes on.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { errorCode, onDisk } from './disk-failure.ts';
import { makeFolder, syncFolder, temporaryPath, writeDurably } from './durable.ts';
import { fault } from './faults.ts';
import { timeName } from './run-folders.ts';
import type { Store } from './store.ts';

export interface TrashItem {
  /** As people name it: `distil[method=dm] of run 2026…`. */
  readonly name: string;
  readonly kind: 'result' | 'checkpoint' | 'run' | 'hint' | 'left-over' | 'damaged';
  readonly run?: string;
  readonly stage?: string;
  readonly node?: string;
  readonly key?: string;
  /** Freed once the trash is emptied. */
  readonly bytes: number;
  /** ISO-8601 UTC. */
  readonly lastUsed?: string;
  readonly reason: string;
  /** Relative to the store, in the order in which they leave it. */
  readonly paths: readonly string[];
  /** Objects that a later item of the batch has too: they leave with the last one, and come back with the first. */
  readonly shared?: readonly string[];
}

export interface TrashBatch {
  readonly schema: 'retort-trash/1';
  /** Sorts by time. */
  readonly id: string;
  readonly at: string;
  readonly items: readonly TrashItem[];
}

export function trashFolder(store: Store): string {
  return join(store.folder, 'trash');
}

/** Nothing has moved yet; what is in it is safe on the disk. */
export function openBatch(store: Store, items: readonly TrashItem[]): TrashBatch {
  const now = new Date();
  const at = now.toISOString();
  const id = `${timeName(now)}-${randomBytes(2).toString('hex')}`;
  const batch: TrashBatch = { schema: 'retort-trash/1', id, at, items };
  writeDurably(join(trashFolder(store), id, 'contents.json'), `${JSON.stringify(batch, null, 1)}\n`, {
    as: 'trash-list',
  });
  fault('trash-listed');
  return batch;
}

export function moveToTrash(store: Store, { id }: TrashBatch, { paths }: TrashItem): void {
  for (const path of paths) {
    move(join(store.folder, path), join(trashFolder(store), id, 'files', path));
    fault('trash-moved');
  }
}

export function allBatches(store: Store): TrashBatch[] {
  return namesIn(trashFolder(store)).flatMap((id) => {
    try {
      const text = readFileSync(join(trashFolder(store), id, 'contents.json'), 'utf8');
      return [JSON.parse(text) as TrashBatch];
    } catch (error) {
      if (error instanceof SyntaxError || errorCode(error) === 'ENOENT') return [];
      throw error;
    }
  });
}

/** Whether anything of it lies in the trash: a kill may have come first, or it has been brought back. */
export function isInTrash(store: Store, { id }: TrashBatch, { paths }: TrashItem): boolean {
  return paths.some((path) => existsSync(join(trashFolder(store), id, 'files', path)));
}

/** What stands in the store by now stays; it is the same or newer. */
export function restoreItem(store: Store, { id }: TrashBatch, { paths, shared = [] }: TrashItem): void {
  for (const path of [...paths, ...shared].reverse()) {
    const [from, to] = [join(trashFolder(store), id, 'files', path), join(store.folder, path)];
    if (!existsSync(from)) fetchElsewhere(store, path, to);
    else merge(from, to);
    fault('trash-restored');
  }
}

/** Folders meet where parts of a run had left before the run itself. */
function merge(from: string, to: string): void {
  if (!existsSync(to)) move(from, to);
  else if (statSync(from).isDirectory() && statSync(to).isDirectory())
    for (const name of readdirSync(from)) merge(join(from, name), join(to, name));
  rmSync(from, { recursive: true, force: true });
  fault('trash-merged');
}

/** An object that several results had in common left with the last of them. */
function fetchElsewhere(store: Store, path: string, to: string): void {
  if (existsSync(to)) return;
  for (const id of namesIn(trashFolder(store))) {
    const from = join(trashFolder(store), id, 'files', path);
    if (!existsSync(from)) continue;
    move(from, to);
    return;
  }
}

/** Batches of which everything was brought back. */
export function tidyTrash(store: Store): void {
  for (const id of namesIn(trashFolder(store))) {
    const folder = join(trashFolder(store), id);
    const left = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    if (left.every(({ name }) => name === 'contents.json')) discard(store, folder);
  }
}

/** For good. */
export function emptyTrash(store: Store): void {
  for (const id of namesIn(trashFolder(store))) discard(store, join(trashFolder(store), id));
}

/** Out of the trash at once, so that nothing is brought back from a batch that is half gone; `tmp/` is swept anyway. */
function discard(store: Store, folder: string): void {
  const doomed = temporaryPath(store.tmp);
  renameSync(folder, doomed);
  fault('trash-discarding');
  rmSync(doomed, { recursive: true, force: true });
  fault('trash-discarded');
}

function move(from: string, to: string): void {
  if (!existsSync(from)) return;
  onDisk(from, () => {
    makeFolder(dirname(to));
    renameSync(from, to);
    fault('trash-renamed');
    syncFolder(dirname(to));
    syncFolder(dirname(from));
  });
}

export function pathInStore(store: Store, path: string): string {
  return relative(store.folder, path);
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}
