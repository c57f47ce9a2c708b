/** A pinned run, with all that it needs, is kept by every garbage collection. The pin lies in the run's own folder. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { onDisk } from './disk-failure.ts';
import { writeDurably } from './durable.ts';
import { fault } from './faults.ts';
import type { Store } from './store.ts';

function pinFile(store: Store, run: string): string {
  return join(store.runs, run, 'pinned.json');
}

export function isPinned(store: Store, run: string): boolean {
  return existsSync(pinFile(store, run));
}

export function pin(store: Store, run: string): void {
  const text = `${JSON.stringify({ schema: 'retort-pin/1', at: new Date().toISOString() })}\n`;
  writeDurably(pinFile(store, run), text, { tmp: store.tmp, as: 'pin' });
}

export function unpin(store: Store, run: string): void {
  onDisk(pinFile(store, run), () => rmSync(pinFile(store, run), { force: true }));
  fault('pin-removed');
}
