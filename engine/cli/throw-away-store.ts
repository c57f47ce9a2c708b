/**
 * A store for what nobody keeps, outside every other one. What is read there of another store are links to its objects, so
 * nothing is copied, and nothing that is written reaches it.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unwrap } from '../../base/result.ts';
import { commitKey, filesOf, type KeyRecord } from '../store/keys.ts';
import { objectPath, objectSize } from '../store/objects.ts';
import { openStore, type Store } from '../store/store.ts';

export interface ThrowAwayStore {
  readonly store: Store;
  /** Makes a result of `other` readable here. */
  lend(other: Store, record: KeyRecord): void;
  remove(): void;
}

export function throwAwayStore(purpose: string): ThrowAwayStore {
  const folder = mkdtempSync(join(tmpdir(), `retort-${purpose}-`));
  const store = unwrap(openStore(folder, { create: true }));
  return {
    store,
    lend(other, record) {
      // Its kept state is for longer computations of its own chain.
      const { state: _, ...lent } = record;
      for (const { sha256 } of filesOf(lent)) {
        if (objectSize(store, sha256) !== undefined) continue;
        const place = objectPath(store, sha256);
        mkdirSync(dirname(place), { recursive: true });
        symlinkSync(objectPath(other, sha256), place);
      }
      commitKey(store, lent);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
