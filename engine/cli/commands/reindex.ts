/** The index is no more than what the files say: this reads them all again. */
import { count } from '../../report/wording.ts';
import { dumpIndex, reindex } from '../../store/index.ts';
import { openStore } from '../../store/store.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { storeFolder } from '../folders.ts';
import { tell } from '../output.ts';
import { told } from '../told.ts';

export async function run(args: Arguments): Promise<number> {
  const store = openStore(storeFolder(args));
  const index = told(store.ok ? await reindex(store.value) : store);
  if (!index.ok) return index.exit;
  const rows = Object.entries(dumpIndex(index.value)).map(
    ([table, { length }]) => `${table} ${length.toLocaleString('en-US')}`,
  );
  index.value.close();
  tell(`${index.value.store.index}: ${count(rows.length, 'table')} written anew: ${rows.join(', ')}.\n`);
  return EXIT.done;
}
