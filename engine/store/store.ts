/**
 * A store is a folder of plain files; this is its layout, and how one is opened.
 *
 *     objects/ab/<sha256>     bytes, named by what they are, never changed
 *     keys/ab/<key>.json      what a node made: role → file → digest; written last, the first writer wins
 *     contents/ab/<digest>.json  hints from what a node reads to an equal node under another key
 *     chains/ab/<chain>/<key>   hints to the nodes that are one computation, some longer, some shorter
 *     checkpoints/<key>/      two slots of a node under way
 *     leases/<key>/           who is at work on a node
 *     runs/<run>/             plan, events, and the artifacts by readable names
 *     trash/<batch>/          what was put aside, and can be brought back
 *     tmp/                    what is being written; never read
 *     index.sqlite            an index over all of it, rebuilt at will
 *     VERSION                 the version of this layout
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { FailureError, fail, ok, type Result } from '../../base/result.ts';
import { diskFailure, errorCode } from './disk-failure.ts';
import { temporaryPath, writeDurably, writeSynced } from './durable.ts';
import { fault } from './faults.ts';

export interface Store {
  /** Absolute, as are all paths. */
  readonly folder: string;
  readonly objects: string;
  readonly keys: string;
  readonly checkpoints: string;
  readonly leases: string;
  readonly runs: string;
  readonly tmp: string;
  readonly index: string;
}

/** Raised when an older retort could no longer read what is written. */
const LAYOUT_VERSION = 1;

export interface OpenStore {
  /** Makes the store where there is none, and makes sure that it can be written. */
  readonly create?: boolean;
}

export function openStore(folder: string, { create = false }: OpenStore = {}): Result<Store> {
  const store = layout(folder);
  try {
    const version = readVersion(store);
    if (!version.ok) return version;
    if (version.value === undefined && holdsResults(store)) return withoutVersion(store);
    if (version.value === undefined && !create) return missing(store);
    if (!create) makeFolders(store);
    if (create) {
      makeFolders(store);
      fault('store-folders-made');
      tryWriting(store);
      sweep(store);
      if (version.value === undefined)
        writeDurably(versionFile(store), `${LAYOUT_VERSION}\n`, { tmp: store.tmp, as: 'version' });
    }
    return ok(store);
  } catch (error) {
    if (error instanceof FailureError) return { ok: false, error: error.failure };
    const failure = diskFailure(error, store.folder);
    if (failure) return { ok: false, error: failure };
    throw error;
  }
}

function layout(folder: string): Store {
  const root = resolve(folder);
  return {
    folder: root,
    objects: join(root, 'objects'),
    keys: join(root, 'keys'),
    checkpoints: join(root, 'checkpoints'),
    leases: join(root, 'leases'),
    runs: join(root, 'runs'),
    tmp: join(root, 'tmp'),
    index: join(root, 'index.sqlite'),
  };
}

function versionFile(store: Store): string {
  return join(store.folder, 'VERSION');
}

/** Undefined where there is no store. */
function readVersion(store: Store): Result<number | undefined> {
  const place = versionFile(store);
  let text: string;
  try {
    text = readFileSync(place, 'utf8').trim();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return ok(undefined);
    if (errorCode(error) === 'EISDIR') return fail('STORE_DAMAGED', 'The store has a folder named VERSION.', { place });
    throw error;
  }
  if (!/^[1-9]\d{0,8}$/.test(text))
    return fail('STORE_DAMAGED', `The store's VERSION should hold one number, got \`${text.slice(0, 40)}\`.`, {
      place,
      help: `If nothing newer than this retort has used the store, write \`${LAYOUT_VERSION}\` into the file.`,
    });
  const version = Number(text);
  if (version > LAYOUT_VERSION)
    return fail('STORE_NEWER', `The store has layout ${version}; this retort knows layout ${LAYOUT_VERSION}.`, {
      place,
      help: 'Update retort, or choose another store with --store DIR.',
    });
  return ok(version);
}

/** A run writes the version before anything else, so somebody has removed it. */
function withoutVersion(store: Store): Result<Store> {
  return fail('STORE_DAMAGED', 'The store has results, but no file that says its layout.', {
    place: versionFile(store),
    help: `If nothing newer than this retort has used the store, write \`${LAYOUT_VERSION}\` into that file.`,
  });
}

function holdsResults({ keys, objects }: Store): boolean {
  return [keys, objects].every((folder) => existsSync(folder) && readdirSync(folder).length > 0);
}

function missing(store: Store): Result<Store> {
  return fail('STORE_MISSING', 'There is no store here yet.', {
    place: store.folder,
    help: existsSync(store.folder)
      ? 'Name the folder that earlier runs used with --store DIR, or run an experiment first.'
      : 'The folder does not exist: name that of earlier runs with --store DIR, or run an experiment first.',
  });
}

/** A store has all of them, be they empty: one that somebody has removed is there again for whoever reads. */
function makeFolders(store: Store): void {
  for (const folder of [store.objects, store.keys, store.checkpoints, store.leases, store.runs, store.tmp])
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) makeFolder(folder);
}

/** Under a read-only folder a recursive `mkdir` only says ENOENT; making the first folder that is missing says why. */
function makeFolder(folder: string): void {
  // The first on its own: under /proc a recursive `mkdir` of Node never ends.
  let first = folder;
  while (!existsSync(dirname(first))) first = dirname(first);
  if (!existsSync(first)) mkdirOnce(first);
  mkdirSync(folder, { recursive: true });
}

/** Another process may have been faster. */
function mkdirOnce(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return;
    // The folder above is there, so this is a file system such as /proc, which takes no folders.
    if (errorCode(error) !== 'ENOENT') throw error;
    throw new FailureError({
      code: 'STORE_READ_ONLY',
      message: 'No folder can be made here (ENOENT).',
      place: folder,
      help: 'Choose another folder with --store DIR.',
    });
  }
}

/** Permission bits do not tell (root writes through them, a disk may be full or read-only): only writing does. */
function tryWriting(store: Store): void {
  const probe = temporaryPath(store.tmp);
  try {
    writeSynced(probe, new Uint8Array(4096), 'probe');
  } finally {
    rmSync(probe, { force: true });
    fault('probe-removed');
  }
}

const LONGEST_WRITE_MS = 24 * 3600 * 1000;

/** Removes what writers that were killed left behind, after a time in which no writer is still at work. */
function sweep(store: Store): void {
  for (const name of readdirSync(store.tmp)) {
    const path = join(store.tmp, name);
    const left = statSync(path, { throwIfNoEntry: false });
    if (left && Date.now() - left.mtimeMs > LONGEST_WRITE_MS) rmSync(path, { recursive: true, force: true });
    fault('tmp-swept');
  }
}
