/** What the steps of an unfinished node have put into the store: its state names the files, wherever in its values. */
import type { Json, JsonObject } from '../../base/json.ts';
import { objectSize } from './objects.ts';
import type { Store } from './store.ts';

/** Bytes of those that are there, each counted once. */
export function bytesStoredBySteps(store: Store, values: JsonObject): number {
  const named = new Map<string, number>();
  const look = (value: Json): void => {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      for (const one of value) look(one);
      return;
    }
    const { sha256, bytes } = value as JsonObject;
    if (typeof sha256 === 'string' && typeof bytes === 'number') named.set(sha256, bytes);
    for (const one of Object.values(value as JsonObject)) look(one);
  };
  look(values);
  return [...named].reduce((sum, [sha256, bytes]) => sum + (objectSize(store, sha256) === bytes ? bytes : 0), 0);
}
