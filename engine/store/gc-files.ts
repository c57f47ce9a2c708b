/** What lies on the disk around keys and checkpoints, as a garbage collection has to know it. Only reads. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkpointFolder, recordFile, SLOTS } from './checkpoints.ts';
import type { Store } from './store.ts';

/** Steps of a node under way may have stored files; its state names them by their digests, wherever in its values. */
export function digestsInCheckpoints(store: Store): string[] {
  return readdirSync(store.checkpoints).flatMap((key) =>
    SLOTS.flatMap((slot) => {
      const path = recordFile(checkpointFolder(store, key), slot);
      return existsSync(path) ? (readFileSync(path, 'utf8').match(/\b[0-9a-f]{64}\b/g) ?? []) : [];
    }),
  );
}

/** What was kept beside a key's record after a conflict, by key. */
export function filesBeside(store: Store): Map<string, string[]> {
  const beside = new Map<string, string[]>();
  for (const folder of readdirSync(store.keys))
    for (const name of readdirSync(join(store.keys, folder))) {
      const [key = '', rest = ''] = name.split('.conflict-');
      if (rest) beside.set(key, [...(beside.get(key) ?? []), join(store.keys, folder, name)]);
    }
  return beside;
}

export function sizes(folder: string): { size: number; mtimeMs: number; nlink: number }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(folder, name), { throwIfNoEntry: false }))
    .flatMap((found) => (found?.isFile() ? [found] : []));
}

export function bytesOf(files: readonly { readonly bytes: number }[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
