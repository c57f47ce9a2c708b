import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../test/rig/retort.ts';
import { digestDataSet } from './digest-data.ts';

const LONG_AGO = new Date('2020-01-01T00:00:00Z');

function file(folder: string, name: string, content: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, content);
  utimesSync(path, LONG_AGO, LONG_AGO);
  return path;
}

it('depends on names, bytes and order, not on the folder', () => {
  const [here, there] = [temporaryFolder(), temporaryFolder()];
  const files = [file(here, 'a', '1'), file(here, 'b', '2')];
  const digest = digestDataSet(files);
  expect(digestDataSet([file(there, 'a', '1'), file(there, 'b', '2')])).toBe(digest);
  expect(digestDataSet([...files].reverse())).not.toBe(digest);
  expect(digestDataSet([file(there, 'a', '12'), file(there, 'b', '')])).not.toBe(digest);
  expect(digestDataSet([file(there, 'a', '1'), file(there, 'c', '2')])).not.toBe(digest);
});

it('reads a file again only when its size, time or inode has changed', () => {
  const [folder, store] = [temporaryFolder(), temporaryFolder()];
  const path = file(folder, 'a', 'one');
  const digest = digestDataSet([path], store);
  const memory = join(store, 'data-digests.json');
  // A wrong memory shows that it is used.
  writeFileSync(
    memory,
    readFileSync(memory, 'utf8').replace(/"sha256": "[0-9a-f]{64}"/, `"sha256": "${'0'.repeat(64)}"`),
  );
  expect(digestDataSet([path], store)).not.toBe(digest);
  utimesSync(path, LONG_AGO, new Date('2021-01-01T00:00:00Z'));
  expect(digestDataSet([path], store)).toBe(digest);
  file(folder, 'a', 'two');
  expect(digestDataSet([path], store)).not.toBe(digest);
});

it('does not remember a file that was just written: it may be written again within a tick of the clock', () => {
  const [folder, store] = [temporaryFolder(), temporaryFolder()];
  const path = join(folder, 'a');
  writeFileSync(path, 'one');
  digestDataSet([path], store);
  expect(existsSync(join(store, 'data-digests.json'))).toBe(false);
});

it('takes a damaged memory for none, and makes no store', () => {
  const [folder, store] = [temporaryFolder(), temporaryFolder()];
  const path = file(folder, 'a', 'one');
  writeFileSync(join(store, 'data-digests.json'), '{"a": [');
  expect(digestDataSet([path], store)).toBe(digestDataSet([path]));
  const nowhere = join(folder, 'nowhere');
  digestDataSet([path], nowhere);
  expect(existsSync(nowhere)).toBe(false);
});
