/**
 * What a garbage collection must keep, and why: pinned, tagged and unfinished runs, what current experiment files plan,
 * whatever is at work or was used a short while ago, and everything that these were made from.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type KeyRecord, keyPath } from './keys.ts';
import { holderIn, leaseHolder } from './leases.ts';
import { isPinned, keepingTags } from './pins.ts';
import { allRuns, openRun, type RunFolder, readRunEnd, readRunRecord } from './runs.ts';
import type { Store } from './store.ts';

export interface GcRoots {
  /** Key → the experiment file that plans it now. */
  readonly planned: ReadonlyMap<string, string>;
  /** Experiment files that could not be planned, with the reason: their runs are kept. */
  readonly unplanned?: ReadonlyMap<string, string>;
  readonly graceMs: number;
  readonly now?: number;
}

/** A run as a garbage collection sees it. */
export interface SeenRun {
  readonly id: string;
  /** Undefined where its plan is not readable. */
  readonly folder: RunFolder | undefined;
  readonly file: string;
  /** Milliseconds UTC. */
  readonly lastUsed: number;
  /** Why it is kept with all its nodes, if it is. */
  readonly kept?: string;
}

export function seenRuns(store: Store, roots: GcRoots): SeenRun[] {
  return allRuns(store).map((id) => {
    const opened = openRun(store, id);
    const folder = opened.ok ? opened.value : undefined;
    const file = folder?.plan.experiment.file ?? '';
    const end = readRunEnd(store, id);
    const started = readRunRecord(store, id)?.startedAt;
    const lastUsed = Date.parse(end?.at ?? started ?? '') || statSync(join(store.runs, id)).mtimeMs;
    const kept = whyKept();
    return { id, folder, file, lastUsed, ...(kept && { kept }) };

    function whyKept(): string | undefined {
      if (isPinned(store, id)) return `run ${id} is pinned`;
      const tags = keepingTags(store, id);
      if (tags.length > 0) return `run ${id} is tagged ${tags.join(', ')}`;
      // Where nothing can be read there is nothing to continue.
      if (!end && folder) return `run ${id} is unfinished`;
      if (holderIn(join(store.runs, id, 'lease'), store.tmp)) return `run ${id} is being driven`;
      const unplanned = roots.unplanned?.get(file);
      if (unplanned !== undefined) return `${file} of run ${id} cannot be planned (${unplanned})`;
      if (isYoung(lastUsed, roots)) return 'younger than the grace time';
      return undefined;
    }
  });
}

/** Key → why it is kept. */
export function keptKeys(
  store: Store,
  records: ReadonlyMap<string, KeyRecord>,
  runs: readonly SeenRun[],
  roots: GcRoots,
): Map<string, string> {
  const kept = new Map<string, string>();
  const upstream = new Map<string, string[]>();
  const keep = (first: string, why: string): void => {
    const open = [first];
    for (let key = open.pop(); key !== undefined; key = open.pop()) {
      if (kept.has(key)) continue;
      kept.set(key, why);
      const made = records.get(key);
      open.push(...(upstream.get(key) ?? []), ...Object.values(made?.manifest.inputs ?? {}).filter(isKey));
    }
  };
  for (const { folder } of runs)
    for (const { key, manifest } of folder?.plan.nodes ?? [])
      upstream.set(key, Object.values(manifest.inputs).filter(isKey));
  for (const { kept: why, folder } of runs)
    if (why !== undefined) for (const { key } of folder?.plan.nodes ?? []) keep(key, why);
  for (const [key, file] of roots.planned) keep(key, `${file} plans it`);
  for (const key of readdirSync(store.leases)) if (isKey(key) && leaseHolder(store, key)) keep(key, 'it is at work');
  for (const key of records.keys())
    if (isYoung(statSync(keyPath(store, key), { throwIfNoEntry: false })?.mtimeMs ?? 0, roots))
      keep(key, 'younger than the grace time');
  return kept;
}

export function isYoung(time: number, { graceMs, now = Date.now() }: GcRoots): boolean {
  return now - time < graceMs;
}

/** An input may also be the data set. */
export function isKey(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}
