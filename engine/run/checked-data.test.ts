/** What was checked is believed as long as the files are the same ones. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { DataSummary } from '../../data/data-set.ts';
import { checkedData } from './checked-data.ts';

const summary = { name: 'small', trainImages: 3 } as unknown as DataSummary;

function folderWith(seconds: number) {
  const folder = mkdtempSync(join(tmpdir(), 'retort-checked-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'images');
  writeFileSync(file, 'abc');
  const time = Date.now() / 1000 - seconds;
  utimesSync(file, time, time);
  const store = join(folder, 'store');
  mkdirSync(store);
  return { file, store };
}

it('is remembered from one command to the next', () => {
  const { file, store } = folderWith(60);
  checkedData(store).put('small', [file], summary);
  expect(checkedData(store).get('small', [file])).toEqual(summary);
  expect(checkedData(store).get('other', [file])).toBeUndefined();
});

it('is forgotten with the first change of a file', () => {
  const { file, store } = folderWith(60);
  checkedData(store).put('small', [file], summary);
  writeFileSync(file, 'abd');
  expect(checkedData(store).get('small', [file])).toBeUndefined();
});

it('is not kept of a file that may still be written, nor where there is no store', () => {
  const { file, store } = folderWith(0);
  checkedData(store).put('small', [file], summary);
  expect(checkedData(store).get('small', [file])).toBeUndefined();
  checkedData(join(store, 'none')).put('small', [file], summary);
  expect(readdirSync(store)).toEqual([]);
});
