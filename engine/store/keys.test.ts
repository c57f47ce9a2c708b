import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { allKeys, commitKey, type KeyRecord, keyPath, readKey, resultDigest } from './keys.ts';
import { objectPath, putObject } from './objects.ts';
import { rehearsalPlan } from './rehearsal.ts';
import { openStore, type Store } from './store.ts';

let store: Store;
beforeEach(() => {
  store = unwrap(openStore(mkdtempSync(join(tmpdir(), 'retort-keys-')), { create: true }));
});
afterEach(() => rmSync(store.folder, { recursive: true, force: true }));

const [node] = rehearsalPlan().nodes;
if (!node) throw new Error('Expected a node');
const { key, manifest } = node;

function record(text: string, more: Partial<KeyRecord> = {}): KeyRecord {
  const sha256 = putObject(store, Buffer.from(text));
  const artifacts = { images: { 'synthetic.safetensors': { sha256, bytes: text.length } } };
  return {
    schema: 'retort-key/1',
    key,
    manifest,
    artifacts,
    metrics: { accuracy: 0.1 + 0.2 },
    seconds: 3,
    steps: 9,
    ...more,
  };
}

it('is read back as it was committed', () => {
  expect(readKey(store, key)).toBeUndefined();
  expect(commitKey(store, record('a'))).toBe('committed');
  expect(readKey(store, key)).toEqual(record('a'));
  expect(allKeys(store)).toEqual([key]);
  expect(readdirSync(store.tmp)).toEqual([]);
});

it('committed twice is the same, however long each took', () => {
  commitKey(store, record('a'));
  expect(commitKey(store, record('a', { seconds: 4 }))).toBe('same');
  expect(readKey(store, key)?.seconds).toBe(3);
});

it('with another result keeps the first, and the second beside it once', () => {
  commitKey(store, record('a'));
  const other = record('b');
  for (let times = 0; times < 2; times++) expect(commitKey(store, other)).toBe('conflict');
  expect(commitKey(store, record('a', { metrics: { accuracy: 0.3 } }))).toBe('conflict');
  expect(readKey(store, key)).toEqual(record('a'));
  const files = readdirSync(dirname(keyPath(store, key)));
  expect(files).toHaveLength(3);
  expect(files).toContain(`${key}.conflict-${resultDigest(other).slice(0, 8)}.json`);
  expect(allKeys(store)).toEqual([key]);
});

it('is not believed when an object is missing, and stands again when it was made anew', () => {
  commitKey(store, record('a'));
  rmSync(objectPath(store, record('a').artifacts.images?.['synthetic.safetensors']?.sha256 ?? ''));
  expect(readKey(store, key)).toBeUndefined();
  expect(commitKey(store, record('a'))).toBe('same');
  expect(readKey(store, key)).toEqual(record('a'));
});

it('whose objects are gone gives way to another result, and is kept beside it', () => {
  const first = record('a');
  commitKey(store, first);
  rmSync(objectPath(store, first.artifacts.images?.['synthetic.safetensors']?.sha256 ?? ''));
  const other = record('b');
  expect(commitKey(store, other)).toBe('conflict');
  expect(readKey(store, key)).toEqual(other);
  expect(readdirSync(dirname(keyPath(store, key)))).toContain(
    `${key}.conflict-${resultDigest(first).slice(0, 8)}.json`,
  );
});

/** Of the right schema and key, but no record of ours. */
const shaped = (more: object) => JSON.stringify({ ...record('a'), ...more });
const DAMAGED: readonly (readonly [string, () => string])[] = [
  ...['', '{"schema":"retort-key/1","key":', '{}', 'null'].map((text) => [text, () => text] as const),
  ['no artifacts', () => shaped({ artifacts: undefined })],
  ['artifacts that are a list', () => shaped({ artifacts: [] })],
  ['files that are none', () => shaped({ artifacts: { images: null } })],
  ['a file without a digest', () => shaped({ artifacts: { images: { 'a.png': { bytes: 3 } } } })],
  ['a path for a digest', () => shaped({ artifacts: { images: { 'a.png': { sha256: '../../x', bytes: 3 } } } })],
  ['no metrics', () => shaped({ metrics: null })],
  ['no steps', () => shaped({ steps: undefined })],
];

it.each(DAMAGED)('that is damaged (%s) is replaced', (_, damaged) => {
  const text = damaged();
  mkdirSync(dirname(keyPath(store, key)), { recursive: true });
  writeFileSync(keyPath(store, key), text);
  expect(readKey(store, key)).toBeUndefined();
  expect(commitKey(store, record('a'))).toBe('committed');
  expect(readKey(store, key)).toEqual(record('a'));
});

it('refuses a figure that is no number', () => {
  expect(() => commitKey(store, record('a', { metrics: { loss: Number.NaN } }))).toThrow('ended with loss = NaN');
  expect(allKeys(store)).toEqual([]);
});
