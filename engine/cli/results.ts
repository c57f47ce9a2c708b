/** What the store knows of a plan's nodes: from key files alone, so that every command and every run says the same. */
import { ok, type Result } from '../../base/result.ts';
import type { Plan } from '../plan/plan.ts';
import { type KeyRecord, readKey } from '../store/keys.ts';
import { openStore, type Store } from '../store/store.ts';
import type { Arguments } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { storeFolder } from './folders.ts';
import { tellFailure } from './output.ts';
import { type Told, told } from './told.ts';

/** For commands that only look: where there is no store yet there are no results, and none is made. */
export function storeToRead(args: Arguments): Result<Store | undefined> {
  const store = openStore(storeFolder(args));
  return store.ok || store.error.code !== 'STORE_MISSING' ? store : ok(undefined);
}

/** For commands that speak of what has run: where there is no store yet, that is said. */
export function storeOfRuns(args: Arguments): Told<Store> {
  const store = told(storeToRead(args));
  if (!store.ok) return store;
  const { value } = store;
  if (value) return { ok: true, value };
  tellFailure({ code: 'STORE_MISSING', message: `Nothing has run in ${storeFolder(args)} yet.` });
  return { ok: false, exit: EXIT.usage };
}

/** By key. */
export type Records = ReadonlyMap<string, KeyRecord>;

/** `known` are read already. */
export function recordsOf(store: Store | undefined, plan: Plan, known?: Records): Records {
  const records = new Map<string, KeyRecord>();
  if (!store) return records;
  for (const { key } of plan.nodes) {
    const record = known?.get(key) ?? readKey(store, key);
    if (record) records.set(key, record);
  }
  return records;
}
