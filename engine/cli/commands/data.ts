/**
 * Which data sets can be read: what each needs, where users get it, where it is found on this machine, and whether its
 * files are the published ones. With a name, all that is known of that set.
 */
import type { Failure, Result } from '../../../base/result.ts';
import type { DataSetFacts } from '../../../data/data-set.ts';
import { checkDigests, type DigestCheck, describeDigests } from '../../../data/digests.ts';
import {
  bundledFolder,
  type DataSetNeeds,
  dataSetFacts,
  dataSetNames,
  type LocatedDataSet,
  locateDataSet,
  needsOf,
} from '../../../data/registry.ts';
import { suggestion } from '../../config/nearest.ts';
import { textBlock, wrapped } from '../../report/columns-of-text.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { dataFolder } from '../folders.ts';
import { inOneLine, print, tellUsage } from '../output.ts';

interface Found {
  readonly name: string;
  readonly facts: DataSetFacts;
  readonly needs: DataSetNeeds;
  readonly located: Result<LocatedDataSet>;
  readonly files: readonly DigestCheck[];
}

export async function run(args: Arguments): Promise<number> {
  const [wanted] = args.operands;
  if (wanted !== undefined && !dataSetNames.includes(wanted)) {
    tellUsage(
      `There is no data set \`${wanted}\`. ${suggestion(wanted, dataSetNames, 'Data sets') ?? ''}`.trim(),
      'data',
    );
    return EXIT.usage;
  }
  const found = (wanted === undefined ? dataSetNames : [wanted]).flatMap((name) => look(name, args));
  if (args.has('json')) print(`${JSON.stringify({ schema: 'retort-data/1', sets: found.map(asJson) }, null, 2)}\n`);
  else if (wanted !== undefined) for (const one of found) print(`${page(one).join('\n')}\n`);
  else print(overview(found));
  return EXIT.done;
}

function look(name: string, args: Arguments): Found[] {
  const [facts, needs] = [dataSetFacts(name), needsOf(name)];
  if (!facts || !needs) return [];
  const located = locateDataSet(name, dataFolder(args));
  // The bundled subset is no published file: its bytes are this package's own.
  const foreign = located.ok && located.value.folder !== bundledFolder(name);
  return [{ name, facts, needs, located, files: foreign ? checkDigests(name, located.value.files) : [] }];
}

function asJson({ name, facts, needs, located, files }: Found) {
  const { title, classes, classNames, channels, height, width, mean, std, normalisations } = facts;
  const where: { folder: string; description: string; files: readonly DigestCheck[] } | { missing: Failure } =
    located.ok
      ? { folder: located.value.folder, description: located.value.description, files }
      : { missing: located.error };
  return {
    ...{ name, title, ...where, ...needs },
    ...{ classes, classNames, channels, height, width, mean, std, normalisations },
  };
}

function overview(found: readonly Found[]): string {
  const lines = textBlock([
    { header: 'set', cells: found.map(({ name }) => name) },
    { header: 'needs', cells: found.map(({ needs }) => shortly(needs.needs)) },
    {
      header: 'where',
      cells: found.map(({ located, files }) => (located.ok ? whereabouts(located.value, files) : 'not found')),
    },
  ]);
  const sources = found.flatMap(({ name, located, needs }) =>
    located.ok ? [] : wrapped(`${name}: ${needs.source}`, WIDTH),
  );
  const more = '`retort data SET` shows classes, constants, archives and digests; `--data DIR` says where to look.';
  return `${[...lines, '', ...sources, ...(sources.length > 0 ? [''] : []), more].join('\n')}\n`;
}

const WIDTH = 100;
const MOST_FILES = 2;

function shortly(files: readonly string[]): string {
  const more = files.length - MOST_FILES;
  return more > 1 ? `${files.slice(0, MOST_FILES).join(', ')} and ${more} more` : files.join(', ');
}

function whereabouts({ description, folder }: LocatedDataSet, files: readonly DigestCheck[]): string {
  const known = describeDigests(files);
  return `${description} in ${folder}${known === '' ? '' : `, ${known}`}`;
}

function page({ name, facts, needs, located, files }: Found): string[] {
  const { title, classes, channels, height, width, mean, std, normalisations = {} } = facts;
  const number = (count: number) => count.toLocaleString('en-US');
  const { train, test, said = `${number(train)} training and ${number(test)} test images` } = needs.official;
  const classNames = located.ok ? located.value.summary.classNames : facts.classNames;
  const rows: [string, readonly string[]][] = [
    ['whole', [`${classes} classes, ${said}, of ${height} x ${width} x ${channels}`]],
    ['needs', [needs.needs.join(', ')]],
    ['looked for', [`in the data folder and its ${needs.subfolders.join(', ')}`]],
    ['from', [needs.source]],
    ['archives', Object.entries(needs.archives).map(([archive, digest]) => `${archive} ${digest}`)],
    ['mean, std', [`${mean.join(' ')}; ${std.join(' ')}`]],
    ...Object.entries(normalisations).map(([key, constants]): [string, readonly string[]] => [
      `  ${key}`,
      [`${constants.mean.join(' ')}; ${constants.std.join(' ')}, ${constants.description}`],
    ]),
    ['here', [located.ok ? whereabouts(located.value, files) : `not found: ${inOneLine(located.error)}`]],
    ['files', files.length <= MOST_LISTED ? files.map(({ file, state }) => `${file}: ${STATES[state]}`) : []],
    ['classes', [classNames.map((label, index) => `${index} ${label}`).join(', ')]],
  ];
  const labelled = rows.flatMap(([label, lines]) =>
    lines
      .filter((line) => line !== '')
      .flatMap((line, first) =>
        wrapped(line, WIDTH - INDENT).map(
          (part, index) => `${(first + index === 0 ? label : '').padEnd(INDENT)}${part}`,
        ),
      ),
  );
  return [`${name}: ${title}`, ...labelled];
}

const INDENT = 12;
/** A set of pictures has thousands, of which no digests are known. */
const MOST_LISTED = 20;
const STATES: Readonly<Record<DigestCheck['state'], string>> = {
  published: 'as published',
  differs: 'not as published',
  unknown: 'no digest is known',
};
