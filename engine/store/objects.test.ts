import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sha256 } from '../../base/digest.ts';
import { unwrap } from '../../base/result.ts';
import { objectPath, objectSize, putObject, readObject } from './objects.ts';
import { openStore, type Store } from './store.ts';

let store: Store;
beforeEach(() => {
  store = unwrap(openStore(mkdtempSync(join(tmpdir(), 'retort-objects-')), { create: true }));
});
afterEach(() => rmSync(store.folder, { recursive: true, force: true }));

const bytes = Buffer.from('ten images per class');

it('is named by its digest, cannot be written, and leaves nothing behind', () => {
  const digest = putObject(store, bytes);
  expect(digest).toBe(sha256(bytes));
  expect(unwrap(readObject(store, digest, { verify: true }))).toEqual(bytes);
  expect(statSync(objectPath(store, digest)).mode & 0o777).toBe(0o444);
  expect(readdirSync(store.tmp)).toEqual([]);
});

it('holds what is empty', () => {
  const digest = putObject(store, new Uint8Array(0));
  expect(objectSize(store, digest)).toBe(0);
  expect(unwrap(readObject(store, digest, { verify: true }))).toHaveLength(0);
});

it('is not written again', () => {
  const path = objectPath(store, putObject(store, bytes));
  const before = statSync(path);
  putObject(store, bytes);
  expect(statSync(path).ino).toBe(before.ino);
});

it('is replaced when its end is missing', () => {
  const digest = putObject(store, bytes);
  chmodSync(objectPath(store, digest), 0o644);
  truncateSync(objectPath(store, digest), 7);
  putObject(store, bytes);
  expect(unwrap(readObject(store, digest, { verify: true }))).toEqual(bytes);
});

it('that was changed is found out when asked', () => {
  const digest = putObject(store, bytes);
  chmodSync(objectPath(store, digest), 0o644);
  writeFileSync(objectPath(store, digest), Buffer.from('TEN images per class'));
  expect(readObject(store, digest).ok).toBe(true);
  expect(readObject(store, digest, { verify: true })).toMatchObject({ error: { code: 'STORE_OBJECT_DAMAGED' } });
});

it('that is missing is a failure with its place', () => {
  const digest = sha256('never stored');
  expect(readObject(store, digest)).toMatchObject({
    error: { code: 'STORE_OBJECT_MISSING', place: objectPath(store, digest) },
  });
});

it('tells when the store goes away under it', () => {
  rmSync(store.folder, { recursive: true });
  expect(() => putObject(store, bytes)).toThrow('moved or deleted');
});
