/**
 * Every hint of a store, for those who clean up and verify: pointers in `contents/` and notes in `chains/`, each with the key
 * that it leads to. Only a hint that could have been written so has a key; one that is damaged says what is wrong of it.
 * Nothing is lost with a hint but a shortcut.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkpointFolder } from './checkpoints.ts';
import { readPointer } from './contents.ts';
import { keyPath } from './keys.ts';
import type { Store } from './store.ts';

export interface Hint {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  /** Undefined where the hint is damaged. */
  readonly key?: string;
  /** A sentence; only where it is damaged. */
  readonly wrong?: string;
}

export function* allHints(store: Store): Generator<Hint> {
  yield* pointers(store);
  yield* notes(store);
}

/** Nothing of the key is there that a hint could lead to: neither its record nor a checkpoint of it. */
export function leadsNowhere(store: Store, key: string): boolean {
  return !existsSync(keyPath(store, key)) && !existsSync(checkpointFolder(store, key));
}

function* pointers(store: Store): Generator<Hint> {
  for (const path of filesUnder(join(store.folder, 'contents'), 1)) {
    const found = statSync(path.full, { throwIfNoEntry: false });
    if (!found) continue;
    const [folder = '', name = ''] = path.parts;
    const content = /^([0-9a-f]{64})\.json$/.exec(name)?.[1];
    const key = content?.startsWith(folder) ? readPointer(store, content)?.key : undefined;
    const wrong = 'This hint from what a node reads to an equal node is not what was written.';
    yield { path: path.full, bytes: found.size, mtimeMs: found.mtimeMs, ...(key ? { key } : { wrong }) };
  }
}

function* notes(store: Store): Generator<Hint> {
  for (const path of filesUnder(join(store.folder, 'chains'), 2)) {
    const found = statSync(path.full, { throwIfNoEntry: false });
    if (!found) continue;
    const [folder = '', chain = '', name = ''] = path.parts;
    const isSound = chain.startsWith(folder) && /^[0-9a-f]{64}$/.test(name) && found.isFile() && found.size === 0;
    const wrong = 'This note of which chain a node belongs to is not what was written.';
    yield { path: path.full, bytes: found.size, mtimeMs: found.mtimeMs, ...(isSound ? { key: name } : { wrong }) };
  }
}

interface Found {
  readonly full: string;
  /** Below the folder. */
  readonly parts: readonly string[];
}

/** What lies so many folders deep, in a steady order; a file that lies higher has no business there and is found too. */
function* filesUnder(folder: string, depth: number, parts: readonly string[] = []): Generator<Found> {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const below = { full: join(folder, entry.name), parts: [...parts, entry.name] };
    if (depth > 0 && entry.isDirectory()) yield* filesUnder(below.full, depth - 1, below.parts);
    else yield below;
  }
}
