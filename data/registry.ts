/**
 * From the name of a set to its files and its contents. Whatever is wrong with a user's folder is found here, before
 * anything starts: `locateDataSet` reads every file whole and checks it, and then forgets it.
 */
import { existsSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { packageRoot } from '../base/package-root.ts';
import { fail, ok, type Result } from '../base/result.ts';
import type { DataSet, DataSetFacts, DataSetRecord, DataSummary, LabelledSplit, ReadOptions } from './data-set.ts';
import { publishedElsewhere } from './digests.ts';
import { DATA_SETS } from './records.ts';
import { factsOfPart, partNamed, recordOfPart } from './selection.ts';

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

/** What an earlier check of the same files has told. */
export interface CheckedData {
  get(set: string, files: readonly string[]): DataSummary | undefined;
  put(set: string, files: readonly string[], summary: DataSummary): void;
}

/** Where the set lies: in the user's `dataFolder`, or in the bundled subset where none is given. */
export function locateDataSet(name: string, dataFolder?: string, checked?: CheckedData): Result<LocatedDataSet> {
  const record = recordOf(name);
  if (!record.ok) return record;
  const { facts, source } = record.value;
  if (dataFolder === undefined && !record.value.bundled)
    return fail('DATA_NOT_BUNDLED', `${facts.title} does not come with retort, and no data folder was given.`, {
      help: `${source} Give their folder with --data DIR.`,
    });
  const found = findFiles(record.value, resolve(dataFolder ?? bundledFolder(partNamed(name).set)));
  if (!found.ok) return found;
  const { files, folder } = found.value;
  const other = publishedElsewhere(partNamed(name).set, files);
  if (other)
    return fail('DATA_OTHER_SET', `${basename(other.file)} is that of ${other.title}, not of ${facts.title}.`, {
      place: other.file,
      help: `Write the set that the folder holds, or give the folder of ${facts.title}.`,
    });
  const earlier = checked?.get(name, files);
  const summary = earlier ? ok(earlier) : checkFiles(record.value, files);
  if (!summary.ok) return summary;
  if (!earlier) checked?.put(name, files, summary.value);
  return ok({ ...found.value, description: describe(record.value, folder, summary.value), summary: summary.value });
}

/**
 * The set, or the part, as it is known without its files, for those who plan for another machine: with the images of the
 * published set, as many of each class. Undefined where there is no such set.
 */
export function unseenDataSet(name: string): LocatedDataSet | undefined {
  const record = recordOf(name);
  const facts = dataSetFacts(name);
  if (!record.ok || !facts) return undefined;
  const { official, facts: whole } = record.value;
  const { train, trainPerClass } = partNamed(name).selection;
  const share = facts.classes / whole.classes;
  const trainImages = train ?? (trainPerClass ?? official.train / whole.classes) * facts.classes;
  const perClass = Array.from({ length: facts.classes }, () => Math.floor(trainImages / facts.classes));
  const summary = {
    ...facts,
    trainImages: Math.floor(trainImages),
    testImages: Math.floor(share * official.test),
    perClass,
  };
  return { folder: '', description: `${facts.title}, not on this machine`, summary, files: [] };
}

function checkFiles({ facts, format }: DataSetRecord, files: readonly string[]): Result<DataSummary> {
  const splits = (format.check ?? format.read)(files, facts);
  if (!splits.ok) return splits;
  const { train, test, ...known } = splits.value;
  return ok(summarise({ ...facts, ...known }, { train, test }));
}

/** The set, or the part of one, whose files lie in `folder` itself, as `locateDataSet` found it: exactly the files that it named. */
export function openDataSet(name: string, folder: string, options?: ReadOptions): Result<DataSet> {
  const record = recordOf(name);
  if (!record.ok) return record;
  const { facts, format } = record.value;
  const { files, missing } = format.find(resolve(folder));
  if (missing.length > 0) return incomplete(record.value, folder, missing);
  const splits = format.read(files, facts, options);
  return splits.ok ? ok({ ...facts, ...splits.value }) : splits;
}

/** What is known of that set or part; no picture is looked at. For stages that see no real images. */
export function openDataFacts(name: string, folder: string): Result<DataSetFacts> {
  const record = recordOf(name);
  if (!record.ok) return record;
  const { facts, format } = record.value;
  const fixed = dataSetFacts(name);
  if (!format.known) return ok(fixed ?? facts);
  const { files, missing } = format.find(resolve(folder));
  if (missing.length > 0) return incomplete(record.value, folder, missing);
  const known = format.known(files, facts);
  return known.ok ? ok({ ...facts, ...known.value }) : known;
}

export function bundledFolder(name: string): string {
  return join(packageRoot(), 'data', 'bundled', name);
}

/** What users need of a set, and where they get it. */
export interface DataSetNeeds {
  /** Files or folders, as people write them. */
  readonly needs: readonly string[];
  /** Sub-folders of the data folder in which they may lie too. */
  readonly subfolders: readonly string[];
  /** Where users get the set: a sentence. */
  readonly source: string;
  readonly archives: Readonly<Record<string, string>>;
  /** Images of the whole set. */
  readonly official: DataSetRecord['official'];
}

export function needsOf(name: string): DataSetNeeds | undefined {
  const record = DATA_SETS.find(({ facts }) => facts.name === name);
  if (!record) return undefined;
  const { format, subfolders, source, archives = {}, official } = record;
  // A folder that does not exist lacks all of them.
  return { needs: format.find(join(packageRoot(), 'nowhere')).missing, subfolders, source, archives, official };
}

/** What is known of a set, or of a part of one, without its files; undefined where there is no such set. */
export function dataSetFacts(name: string): DataSetFacts | undefined {
  const record = DATA_SETS.find(({ facts }) => facts.name === partNamed(name).set);
  return record && factsOfPart(record.facts, name);
}

function recordOf(name: string): Result<DataSetRecord> {
  const record = DATA_SETS.find(({ facts }) => facts.name === partNamed(name).set);
  return record === undefined
    ? fail('DATA_UNKNOWN_SET', `There is no data set ${JSON.stringify(name)}.`, {
        help: `The data sets are ${new Intl.ListFormat('en').format(dataSetNames)}.`,
      })
    : ok(recordOfPart(record, name));
}

/** All files come from one folder: the set's own sub-folder if it holds any of them, else the folder itself. */
function findFiles(record: DataSetRecord, folder: string): Result<{ folder: string; files: readonly string[] }> {
  const { format, subfolders, source } = record;
  if (!existsSync(folder))
    return fail('DATA_MISSING', `The data folder ${folder} does not exist.`, { place: folder, help: source });
  if (!statSync(folder).isDirectory())
    return fail('DATA_MISSING', `The data folder ${folder} is a file.`, { place: folder, help: source });
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

function summarise(
  facts: DataSetFacts,
  { train, test }: { readonly train: LabelledSplit; readonly test: LabelledSplit },
): DataSummary {
  const perClass = new Array<number>(facts.classes).fill(0);
  for (const label of train.labels) perClass[label] = (perClass[label] ?? 0) + 1;
  return { ...facts, trainImages: train.count, testImages: test.count, perClass };
}

function describe(
  { facts, official }: DataSetRecord,
  folder: string,
  { classes, trainImages, testImages }: DataSummary,
): string {
  const number = (count: number) => count.toLocaleString('en-US');
  const some = classes < facts.classes ? `${classes} of ${facts.classes} classes, ` : '';
  const counts = `(${some}${number(trainImages)} train, ${number(testImages)} test)`;
  if (folder === bundledFolder(partNamed(facts.name).set)) return `${facts.title}, bundled subset ${counts}`;
  const subset = trainImages < official.train || testImages < official.test;
  return `${facts.title}${subset ? ', subset' : ''} ${counts}`;
}
