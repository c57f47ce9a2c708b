/**
 * From the name of a set to its files and its contents. Whatever is wrong with a user's folder is found here, before
 * anything starts: `locateDataSet` reads every file whole and checks it, and then forgets it.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packageRoot } from '../base/package-root.ts';
import { fail, ok, type Result } from '../base/result.ts';
import type { DataSet, DataSetFacts, DataSetRecord, DataSummary, Splits } from './data-set.ts';
import { DATA_SETS } from './records.ts';

export const dataSetNames: readonly string[] = DATA_SETS.map((record) => record.facts.name);

export interface LocatedDataSet {
  /** Absolute; what `openDataSet` takes. */
  readonly folder: string;
  /** For tables and reports, e.g. `Fashion-MNIST, bundled subset (8,000 train, 2,000 test)`. */
  readonly description: string;
  readonly summary: DataSummary;
  /** Absolute paths whose bytes decide every result, in a fixed order. */
  readonly files: readonly string[];
}

/** Where the set lies: in the user's `dataFolder`, or in the bundled subset where none is given. */
export function locateDataSet(name: string, dataFolder?: string): Result<LocatedDataSet> {
  const record = recordOf(name);
  if (!record.ok) return record;
  const { facts, source } = record.value;
  if (dataFolder === undefined && !record.value.bundled)
    return fail('DATA_NOT_BUNDLED', `${facts.title} does not come with retort, and no data folder was given.`, {
      help: `${source} Give their folder with --data DIR.`,
    });
  const found = findFiles(record.value, resolve(dataFolder ?? bundledFolder(name)));
  if (!found.ok) return found;
  const splits = record.value.format.read(found.value.files, facts);
  if (!splits.ok) return splits;
  return ok({
    ...found.value,
    description: describe(record.value, found.value.folder, splits.value),
    summary: summarise(facts, splits.value),
  });
}

/** The set whose files lie in `folder` itself, as `locateDataSet` found it: exactly the files that it named. */
export function openDataSet(name: string, folder: string): Result<DataSet> {
  const record = recordOf(name);
  if (!record.ok) return record;
  const { facts, format } = record.value;
  const { files, missing } = format.find(resolve(folder));
  if (missing.length > 0) return incomplete(record.value, folder, missing);
  const splits = format.read(files, facts);
  return splits.ok ? ok({ ...facts, ...splits.value }) : splits;
}

export function bundledFolder(name: string): string {
  return join(packageRoot(), 'data', 'bundled', name);
}

function recordOf(name: string): Result<DataSetRecord> {
  const record = DATA_SETS.find(({ facts }) => facts.name === name);
  return record === undefined
    ? fail('DATA_UNKNOWN_SET', `There is no data set ${JSON.stringify(name)}.`, {
        help: `The data sets are ${dataSetNames.join(' and ')}.`,
      })
    : ok(record);
}

/** All files come from one folder: the set's own sub-folder if it holds any of them, else the folder itself. */
function findFiles(record: DataSetRecord, folder: string): Result<{ folder: string; files: readonly string[] }> {
  const { format, subfolders, source } = record;
  if (!existsSync(folder))
    return fail('DATA_MISSING', `The data folder ${folder} does not exist.`, { place: folder, help: source });
  for (const place of [...subfolders.map((subfolder) => join(folder, subfolder)), folder]) {
    const { files, missing } = format.find(place);
    if (missing.length === 0) return ok({ folder: place, files });
    if (files.length > 0) return incomplete(record, place, missing);
  }
  return incomplete(record, folder, format.find(folder).missing, subfolders);
}

function incomplete(
  { facts, source }: DataSetRecord,
  folder: string,
  missing: readonly string[],
  subfolders: readonly string[] = [],
): Result<never> {
  const nor = subfolders.length === 0 ? '' : `, nor in its sub-folder ${subfolders.join(' or ')}`;
  const are = missing.length === 1 ? 'is' : 'are';
  return fail('DATA_MISSING', `${facts.title} is incomplete: ${missing.join(', ')} ${are} not in ${folder}${nor}.`, {
    place: folder,
    help: source,
  });
}

function summarise(facts: DataSetFacts, { train, test }: Splits): DataSummary {
  const perClass = new Array<number>(facts.classes).fill(0);
  for (const label of train.labels) perClass[label] = (perClass[label] ?? 0) + 1;
  return { ...facts, trainImages: train.count, testImages: test.count, perClass };
}

function describe({ facts, official }: DataSetRecord, folder: string, { train, test }: Splits): string {
  const number = (count: number) => count.toLocaleString('en-US');
  const counts = `(${number(train.count)} train, ${number(test.count)} test)`;
  if (folder === bundledFolder(facts.name)) return `${facts.title}, bundled subset ${counts}`;
  const subset = train.count < official.train || test.count < official.test;
  return `${facts.title}${subset ? ', subset' : ''} ${counts}`;
}
