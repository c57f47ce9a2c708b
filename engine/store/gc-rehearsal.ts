/**
 * A garbage collection of a rehearsed store, as a program that tests kill at its fault points: `gc-rehearsal.js STORE` moves
 * all to the trash, with `restore` brings all back, with `empty` deletes what is in the trash.
 */
import { argv } from 'node:process';
import { unwrap } from '../../base/result.ts';
import { collectGarbage } from './gc.ts';
import { markGarbage } from './gc-mark.ts';
import { openStore } from './store.ts';
import { allBatches, emptyTrash, isInTrash, restoreItem, tidyTrash } from './trash.ts';

const [, , folder = '', mode] = argv;
const store = unwrap(openStore(folder));
if (mode === 'restore') {
  for (const batch of allBatches(store))
    for (const item of batch.items) if (isInTrash(store, batch, item)) restoreItem(store, batch, item);
  tidyTrash(store);
} else if (mode === 'empty') emptyTrash(store);
else collectGarbage(store, markGarbage(store, { planned: new Map(), graceMs: 0, now: Date.now() + 1000 }));
