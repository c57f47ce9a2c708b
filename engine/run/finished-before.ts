/**
 * The newest run that has already done all that a plan asks for. Where everything is there, running it again leaves no
 * second folder with the same links: it tells that run once more, and writes nothing.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../store/disk-failure.ts';
import type { KeyRecord } from '../store/keys.ts';
import { allRuns, readRunEnd, readRunRecord } from '../store/runs.ts';
import type { Store } from '../store/store.ts';

export function finishedBefore(store: Store, planDigest: string): string | undefined {
  const isOfPlan = (id: string) => readRunRecord(store, id)?.planDigest === planDigest;
  const id = allRuns(store).reverse().find(isOfPlan);
  return id !== undefined && readRunEnd(store, id)?.outcome === 'done' ? id : undefined;
}

/** Not so where somebody has cleared away what the run of this folder had published; by key. */
export function isPublished(folder: string, records: ReadonlyMap<string, KeyRecord>): boolean {
  const published = [...records.values()].filter(({ artifacts }) => Object.keys(artifacts).length > 0);
  return foldersIn(join(folder, 'stages')) >= published.length;
}

function foldersIn(folder: string): number {
  try {
    return readdirSync(folder).length;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}
