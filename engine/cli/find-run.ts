/**
 * A run as people name it: its id, a unique beginning or part of one (`my-grid`), `last` for the one that was last at work, or
 * its folder. From folders alone, never from plans.
 */
import { basename, dirname, resolve } from 'node:path';
import { fail, ok, type Result } from '../../base/result.ts';
import { nearest } from '../config/nearest.ts';
import { allRuns, openRun, type RunFolder, runsByWork } from '../store/runs.ts';
import type { Store } from '../store/store.ts';

export function findRunId(store: Store, name: string): Result<string> {
  const place = store.folder;
  if (name === 'last') {
    const last = runsByWork(store).at(-1);
    return last === undefined ? fail('STORE_RUN_MISSING', 'Nothing has run in this store yet.', { place }) : ok(last);
  }
  const runs = allRuns(store);
  const id = dirname(resolve(name)) === store.runs ? basename(resolve(name)) : name;
  if (runs.includes(id)) return ok(id);
  const begun = runs.filter((run) => run.startsWith(id));
  const found = begun.length > 0 || id.length < SHORTEST_PART ? begun : runs.filter((run) => run.includes(id));
  const [only, ...more] = found;
  if (only !== undefined && more.length === 0) return ok(only);
  if (only !== undefined)
    return fail('STORE_RUN_MISSING', `${found.length} runs are named by \`${id}\`: ${listed(found)}.`, {
      place,
      help: 'Write more of its name.',
    });
  const near = nearest(id, runs);
  return fail('STORE_RUN_MISSING', `There is no run \`${id}\` in this store.`, {
    place,
    help: near
      ? `Did you mean \`${near}\`?`
      : '`retort ls` lists the runs, of which a part of the name is enough; `last` is the one last at work.',
  });
}

export function findRun(store: Store, name: string): Result<RunFolder> {
  const id = findRunId(store, name);
  return id.ok ? openRun(store, id.value) : id;
}

/** Of what is no beginning; two letters stand in every name. */
const SHORTEST_PART = 3;
const MOST = 4;

function listed(names: readonly string[]): string {
  return [...names.slice(-MOST), ...(names.length > MOST ? ['…'] : [])].join(', ');
}
