import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { diskFailure } from './disk-failure.ts';
import { openStore } from './store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'retort-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function failureOf(path: string, create = true) {
  const opened = openStore(path, { create });
  if (opened.ok) throw new Error('Expected a failure');
  return opened.error;
}

it('is made where there is none, also below folders that do not exist, and is then found', () => {
  const made = unwrap(openStore(join(folder, 'a/b'), { create: true }));
  expect(unwrap(openStore(join(folder, 'a/b')))).toEqual(made);
  expect(readdirSync(made.folder)).toEqual(['VERSION', 'checkpoints', 'keys', 'leases', 'objects', 'runs', 'tmp']);
  expect(readdirSync(made.tmp)).toEqual([]);
});

it('is not made by looking', () => {
  expect(failureOf(join(folder, 'none'), false)).toMatchObject({ code: 'STORE_MISSING' });
  expect(readdirSync(folder)).toEqual([]);
});

it('says so where no folder can be made, and ends', { skip: !existsSync('/proc/self') }, () => {
  expect(failureOf('/proc/retort/store')).toMatchObject({ code: 'STORE_READ_ONLY', place: '/proc/retort' });
});

it('has all of its folders for whoever reads, also those that somebody has removed', () => {
  const store = unwrap(openStore(folder, { create: true }));
  for (const path of [store.objects, store.keys, store.checkpoints, store.runs]) rmSync(path, { recursive: true });
  expect(unwrap(openStore(folder))).toEqual(store);
  expect(readdirSync(folder)).toEqual(['VERSION', 'checkpoints', 'keys', 'leases', 'objects', 'runs', 'tmp']);
});

it('with results but no version is neither empty nor of this layout', () => {
  const store = unwrap(openStore(folder, { create: true }));
  for (const path of [store.objects, store.keys]) mkdirSync(join(path, 'ab'));
  rmSync(join(folder, 'VERSION'));
  for (const create of [true, false])
    expect(failureOf(folder, create)).toMatchObject({ code: 'STORE_DAMAGED', place: join(folder, 'VERSION') });
  expect(readdirSync(folder)).not.toContain('VERSION');
});

it('of a newer layout is refused before anything is written', () => {
  writeFileSync(join(folder, 'VERSION'), '2\n');
  for (const create of [true, false])
    expect(failureOf(folder, create)).toMatchObject({
      code: 'STORE_NEWER',
      message: 'The store has layout 2; this retort knows layout 1.',
      place: join(folder, 'VERSION'),
    });
  expect(readdirSync(folder)).toEqual(['VERSION']);
});

it('with an unreadable version is refused', () => {
  writeFileSync(join(folder, 'VERSION'), '');
  expect(failureOf(folder)).toMatchObject({ code: 'STORE_DAMAGED' });
});

it('whose version is a folder is refused', () => {
  mkdirSync(join(folder, 'VERSION'));
  expect(failureOf(folder)).toMatchObject({ code: 'STORE_DAMAGED' });
});

it('tells of a file in the way', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(failureOf(join(folder, 'file'))).toMatchObject({ code: 'STORE_NOT_A_FOLDER' });
  expect(failureOf(join(folder, 'file/below'))).toMatchObject({ code: 'STORE_NOT_A_FOLDER' });
  mkdirSync(join(folder, 'store'));
  writeFileSync(join(folder, 'store/objects'), '');
  expect(failureOf(join(folder, 'store'))).toMatchObject({ code: 'STORE_NOT_A_FOLDER' });
});

it('loses what a killed writer left in it a day ago, and nothing younger', () => {
  const { tmp } = unwrap(openStore(folder, { create: true }));
  for (const name of ['old.tmp', 'young.tmp']) writeFileSync(join(tmp, name), 'half');
  const yesterday = new Date(Date.now() - 25 * 3600 * 1000);
  utimesSync(join(tmp, 'old.tmp'), yesterday, yesterday);
  openStore(folder, { create: true });
  expect(readdirSync(tmp)).toEqual(['young.tmp']);
});

// Permission bits do not stop root, who runs these tests in a container; the kernel's own file systems stop everybody.
it.runIf(process.platform === 'linux')('tells of a place where nobody may write', () => {
  expect(failureOf('/sys/retort-store')).toMatchObject({
    code: 'STORE_READ_ONLY',
    help: expect.stringContaining('--store DIR'),
  });
});

it.runIf(process.platform === 'linux')('tells of a full disk', () => {
  const full = openSync('/dev/full', 'w');
  try {
    writeSync(full, 'x');
    expect.unreachable();
  } catch (error) {
    expect(diskFailure(error, folder)).toMatchObject({ code: 'STORE_FULL', place: folder });
  }
});
