/** What the store knows of a plan's nodes: from key files alone, so that every command and every run says the same. */
import { existsSync } from 'node:fs';
import type { Result } from '../../base/result.ts';
import type { Plan } from '../plan/plan.ts';
import { type KeyRecord, readKey } from '../store/keys.ts';
import { openStore, type Store } from '../store/store.ts';
import type { Arguments } from './arguments.ts';

export function storeFolder(args: Arguments): string {
  return args.text('store') ?? 'runs';
}

/** For commands that only look: a folder that is not there is an empty store, and stays away. */
export function storeToRead(args: Arguments): Result<Store | undefined> {
  const folder = storeFolder(args);
  return existsSync(folder) ? openStore(folder, { create: false }) : { ok: true, value: undefined };
}

/** By key. */
export type Records = ReadonlyMap<string, KeyRecord>;

export function recordsOf(store: Store | undefined, plan: Plan): Records {
  const records = new Map<string, KeyRecord>();
  if (!store) return records;
  for (const { key } of plan.nodes) {
    const record = readKey(store, key);
    if (record) records.set(key, record);
  }
  return records;
}
