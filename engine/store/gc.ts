/**
 * Moves to the trash what was marked as garbage. Nothing moves under a live lease: a node's own lease is held while its files
 * move, and runs that began since the marking are looked for before every move.
 */
import { statSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Marked } from './gc-mark.ts';
import { takeLease } from './leases.ts';
import { allRuns, openRun } from './runs.ts';
import type { Store } from './store.ts';
import { moveToTrash, openBatch, type TrashBatch, type TrashItem } from './trash.ts';

export interface Moved {
  readonly batch: TrashBatch;
  readonly moved: readonly TrashItem[];
  /** With what holds each of them. */
  readonly skipped: readonly { readonly item: TrashItem; readonly why: string }[];
}

export function collectGarbage(store: Store, { items, runs, markedAt }: Marked): Moved {
  const batch = openBatch(store, items);
  const moved: TrashItem[] = [];
  const skipped: { item: TrashItem; why: string }[] = [];
  const staying = new Set<string>();
  for (const item of items) {
    const why = moveOne(item);
    if (why === undefined) moved.push(item);
    else {
      skipped.push({ item, why });
      for (const path of [...item.paths, ...(item.shared ?? [])]) staying.add(path);
    }
  }
  return { batch, moved, skipped };

  function moveOne(item: TrashItem): string | undefined {
    const newcomer = newRun();
    if (newcomer) return `run ${newcomer} has begun meanwhile`;
    if (item.key === undefined) {
      moveToTrash(store, batch, { ...item, paths: item.paths.filter(isUntouched) });
      return undefined;
    }
    const lease = takeLease(store, item.key, { run: 'gc' });
    if (!lease.held) return `process ${lease.pid} on ${lease.host} is at work on it (run ${lease.run})`;
    try {
      moveToTrash(store, batch, { ...item, paths: item.paths.filter(isUntouched) });
      return undefined;
    } finally {
      lease.release();
    }
  }

  /** An object that was stored again since belongs to somebody who is about to say so. */
  function isUntouched(path: string): boolean {
    if (staying.has(path)) return false;
    if (!path.startsWith(`objects${sep}`)) return true;
    return (statSync(join(store.folder, path), { throwIfNoEntry: false })?.mtimeMs ?? 0) <= markedAt;
  }

  /** Whoever began a run since may have found what is marked here: the next collection knows its plan. */
  function newRun(): string | undefined {
    return allRuns(store).find((id) => !runs.has(id) && openRun(store, id).ok);
  }
}
