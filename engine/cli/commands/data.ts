/** Which data sets can be read, where each is found on this machine, and whether its files are the published ones. */
import { checkDigests, describeDigests } from '../../../data/digests.ts';
import { dataSetNames, type LocatedDataSet, locateDataSet, sourceOf } from '../../../data/registry.ts';
import { textBlock } from '../../report/columns-of-text.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { dataFolder } from '../folders.ts';
import { inOneLine, print } from '../output.ts';

export async function run(args: Arguments): Promise<number> {
  const found = dataSetNames.map((name) => ({ name, located: locateDataSet(name, dataFolder(args)) }));
  if (args.has('json')) {
    const sets = found.map(({ name, located }) => ({
      name,
      ...(located.ok
        ? {
            folder: located.value.folder,
            description: located.value.description,
            files: checkDigests(name, located.value.files),
          }
        : { missing: located.error }),
      source: sourceOf(name),
    }));
    print(`${JSON.stringify({ schema: 'retort-data/1', sets }, null, 2)}\n`);
    return EXIT.done;
  }
  const lines = textBlock([
    { header: 'set', cells: found.map(({ name }) => name) },
    {
      header: 'where',
      cells: found.map(({ name, located }) =>
        located.ok ? whereabouts(name, located.value) : `not found: ${inOneLine(located.error)}`,
      ),
    },
  ]);
  print(`${lines.join('\n')}\n`);
  return EXIT.done;
}

function whereabouts(name: string, { description, folder, files }: LocatedDataSet): string {
  const known = describeDigests(checkDigests(name, files));
  return `${description} in ${folder}${known === '' ? '' : `, ${known}`}`;
}
