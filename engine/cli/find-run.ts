/** A run as people name it: its id, a unique beginning of one, `last`, or its folder. From the names of folders alone. */
import { basename, dirname, resolve } from 'node:path';
import { fail, ok, type Result } from '../../base/result.ts';
import { nearest } from '../config/nearest.ts';
import { allRuns, openRun, type RunFolder } from '../store/runs.ts';
import type { Store } from '../store/store.ts';

export function findRunId(store: Store, name: string): Result<string> {
  const runs = allRuns(store);
  const place = store.folder;
  if (name === 'last') {
    const last = runs.at(-1);
    return last === undefined ? fail('STORE_RUN_MISSING', 'Nothing has run in this store yet.', { place }) : ok(last);
  }
  const id = dirname(resolve(name)) === store.runs ? basename(resolve(name)) : name;
  if (runs.includes(id)) return ok(id);
  const found = runs.filter((run) => run.startsWith(id));
  const [only, ...more] = found;
  if (only !== undefined && more.length === 0) return ok(only);
  if (only !== undefined)
    return fail('STORE_RUN_MISSING', `${found.length} runs begin with \`${id}\`: ${listed(found)}.`, {
      place,
      help: 'Write more of its name.',
    });
  const near = nearest(id, runs);
  return fail('STORE_RUN_MISSING', `There is no run \`${id}\` in this store.`, {
    place,
    help: near ? `Did you mean \`${near}\`?` : '`retort ls` lists the runs; `last` is the newest.',
  });
}

export function findRun(store: Store, name: string): Result<RunFolder> {
  const id = findRunId(store, name);
  return id.ok ? openRun(store, id.value) : id;
}

const MOST = 4;

function listed(names: readonly string[]): string {
  return [...names.slice(-MOST), ...(names.length > MOST ? ['…'] : [])].join(', ');
}
