/**
 * Bytes named by their SHA-256. An object is never changed; storing it again does nothing, unless what is there has
 * another size (a torn copy, a disk that lost its end): then it is replaced.
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../base/digest.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { errorCode, onDisk } from './disk-failure.ts';
import { writeDurably } from './durable.ts';
import type { Store } from './store.ts';

export function objectPath(store: Store, digest: string): string {
  return join(store.objects, digest.slice(0, 2), digest);
}

/** Stores the bytes and gives their digest. */
export function putObject(store: Store, bytes: Uint8Array): string {
  const digest = sha256(bytes);
  const path = objectPath(store, digest);
  if (objectSize(store, digest) !== bytes.length)
    writeDurably(path, bytes, { tmp: store.tmp, mode: 0o444, as: 'object' });
  else touch(path);
  return digest;
}

/** A garbage collection leaves alone what was wanted again since it looked. */
function touch(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // Somebody else's file: then its age stays what it is.
  }
}

/** In bytes; undefined where there is no such object. */
export function objectSize(store: Store, digest: string): number | undefined {
  const found = statSync(objectPath(store, digest), { throwIfNoEntry: false });
  return found?.isFile() ? found.size : undefined;
}

/** `verify` reads the digest off the bytes again: for what has lain on a disk for long. */
export function readObject(store: Store, digest: string, { verify = false } = {}): Result<Uint8Array> {
  const place = objectPath(store, digest);
  let bytes: Uint8Array;
  try {
    bytes = onDisk(place, () => readFileSync(place));
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return fail('STORE_OBJECT_MISSING', 'A file that a finished node made is no longer in the store.', {
      place,
      help: AGAIN,
    });
  }
  if (verify && sha256(bytes) !== digest)
    return fail('STORE_OBJECT_DAMAGED', 'The bytes of a stored file are not those that were written.', {
      place,
      help: `\`retort verify --repair\` puts it aside. ${AGAIN}`,
    });
  return ok(bytes);
}

/** Bytes `from` up to `to` of an object that is not to be held whole. It must have its length; its digest is not checked. */
export function readObjectPart(
  store: Store,
  { sha256: digest, bytes: length }: { readonly sha256: string; readonly bytes: number },
  { from, to }: { readonly from: number; readonly to: number },
): Result<Uint8Array> {
  if (from < 0 || to < from || to > length)
    throw new Error(`Internal error: expected a part of ${length} bytes, got ${from} to ${to}`);
  const place = objectPath(store, digest);
  let file: number;
  try {
    file = onDisk(place, () => openSync(place, 'r'));
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return fail('STORE_OBJECT_MISSING', 'A file that a finished node made is no longer in the store.', {
      place,
      help: AGAIN,
    });
  }
  try {
    const found = fstatSync(file).size;
    if (found !== length)
      return fail('STORE_OBJECT_DAMAGED', `A stored file was cut short: it has ${found} of its ${length} bytes.`, {
        place,
        help: `\`retort verify --repair\` puts it aside. ${AGAIN}`,
      });
    const bytes = new Uint8Array(to - from);
    for (let done = 0; done < bytes.length; ) {
      const read = onDisk(place, () => readSync(file, bytes, done, bytes.length - done, from + done));
      if (read === 0) throw new Error(`Internal error: expected ${length} bytes in ${place}`);
      done += read;
    }
    return ok(bytes);
  } finally {
    closeSync(file);
  }
}

const AGAIN = 'Run the experiment again: what is missing is made anew.';
