/** Which data sets can be read, and where each is found on this machine. */
import { dataSetNames, locateDataSet } from '../../../data/registry.ts';
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
        ? { folder: located.value.folder, description: located.value.description }
        : { missing: located.error }),
    }));
    print(`${JSON.stringify({ schema: 'retort-data/1', sets }, null, 2)}\n`);
    return EXIT.done;
  }
  const lines = textBlock([
    { header: 'set', cells: found.map(({ name }) => name) },
    {
      header: 'where',
      cells: found.map(({ located }) =>
        located.ok
          ? `${located.value.description} in ${located.value.folder}`
          : `not found: ${inOneLine(located.error)}`,
      ),
    },
  ]);
  print(`${lines.join('\n')}\n`);
  return EXIT.done;
}
