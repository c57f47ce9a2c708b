/**
 * A pinned run, with all that it needs, is kept by every garbage collection. The pin lies in the run's own folder. A run whose
 * experiment has tags is kept as a pinned one is, until somebody lets go of it: that lies where the pin would.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { onDisk } from './disk-failure.ts';
import { writeDurably } from './durable.ts';
import { fault } from './faults.ts';
import type { Store } from './store.ts';

function pinFile(store: Store, run: string): string {
  return join(store.runs, run, 'pinned.json');
}

export function isPinned(store: Store, run: string): boolean {
  return existsSync(pinFile(store, run)) && !isLetGo(store, run);
}

/** Of the run's experiment, as frozen; none once somebody has let go of it. */
export function keepingTags(store: Store, run: string): readonly string[] {
  const tags = readObject(join(store.runs, run, 'config.resolved.json'))?.tags;
  return Array.isArray(tags) && !isLetGo(store, run) ? tags.map(String) : [];
}

export function pin(store: Store, run: string): void {
  write(store, run, {});
}

export function unpin(store: Store, run: string): void {
  if (isLetGo(store, run)) return;
  if (keepingTags(store, run).length > 0) {
    write(store, run, { letGo: true });
    return;
  }
  onDisk(pinFile(store, run), () => rmSync(pinFile(store, run), { force: true }));
  fault('pin-removed');
}

function write(store: Store, run: string, more: object): void {
  const text = `${JSON.stringify({ schema: 'retort-pin/1', at: new Date().toISOString(), ...more })}\n`;
  writeDurably(pinFile(store, run), text, { tmp: store.tmp, as: 'pin' });
}

function isLetGo(store: Store, run: string): boolean {
  return readObject(pinFile(store, run))?.letGo === true;
}

/** A file that is not there, or not to be read, says nothing: a pin that is torn is still one. */
function readObject(path: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown> | null) ?? undefined;
  } catch {
    return undefined;
  }
}
