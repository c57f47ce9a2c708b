/**
 * The marking of a garbage collection: what nobody needs any more, by name, size and reason. Checkpoints of finished nodes
 * come first, then other checkpoints, results, hints to what is gone, what killed attempts left, and runs of which nothing
 * is kept. Only reads.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkpointFolder } from './checkpoints.ts';
import { bytesOf, digestsInCheckpoints, filesBeside, sizes } from './gc-files.ts';
import { type GcRoots, isKey, isYoung, keptKeys, type SeenRun, seenRuns } from './gc-roots.ts';
import { allHints, type Hint, leadsNowhere } from './hints.ts';
import { allKeys, filesOf, type KeyRecord, keyPath, readRecord } from './keys.ts';
import { leaseHolder } from './leases.ts';
import { nodeNames } from './node-names.ts';
import { objectPath } from './objects.ts';
import type { Store } from './store.ts';
import { pathInStore, type TrashItem } from './trash.ts';

export interface Marked {
  /** In the order in which they are moved. */
  readonly items: readonly TrashItem[];
  /** Reason → how many results it keeps. */
  readonly kept: ReadonlyMap<string, number>;
  readonly runs: ReadonlySet<string>;
  readonly markedAt: number;
}

export function markGarbage(store: Store, roots: GcRoots): Marked {
  const markedAt = Date.now();
  const runs = seenRuns(store, roots);
  const records = new Map<string, KeyRecord>();
  for (const key of allKeys(store)) {
    const record = readRecord(keyPath(store, key), key);
    if (record) records.set(key, record);
  }
  const kept = keptKeys(store, records, runs, roots);
  const garbage = new Garbage(store, roots, runs, records, kept);
  const counts = new Map<string, number>();
  for (const [key, why] of kept) if (records.has(key)) counts.set(why, (counts.get(why) ?? 0) + 1);
  return { items: garbage.items(), kept: counts, runs: new Set(runs.map(({ id }) => id)), markedAt };
}

/** An object may have been found, and named by a key, by an attempt that has not committed yet. */
const WORKING_MS = 3600 * 1000;

class Garbage {
  readonly #store: Store;
  readonly #roots: GcRoots;
  readonly #runs: readonly SeenRun[];
  readonly #records: ReadonlyMap<string, KeyRecord>;
  readonly #kept: ReadonlyMap<string, string>;
  readonly #names: ReturnType<typeof nodeNames>;
  /** Digests that a record that stays names. */
  readonly #needed = new Set<string>();
  /** Counted already. */
  readonly #counted = new Set<string>();
  readonly #beside: ReadonlyMap<string, readonly string[]>;
  readonly #places = new Map<string, { readonly run: SeenRun; readonly node: string }[]>();
  readonly #working: boolean;
  /** By the key that they lead to. */
  readonly #hints = new Map<string, Hint[]>();

  constructor(
    store: Store,
    roots: GcRoots,
    runs: readonly SeenRun[],
    records: ReadonlyMap<string, KeyRecord>,
    kept: ReadonlyMap<string, string>,
  ) {
    this.#store = store;
    this.#roots = roots;
    this.#runs = runs;
    this.#records = records;
    this.#kept = kept;
    this.#names = nodeNames(store);
    this.#beside = filesBeside(store);
    this.#working = readdirSync(store.leases).some((key) => isKey(key) && leaseHolder(store, key) !== undefined);
    for (const run of runs)
      for (const { id, key } of run.folder?.plan.nodes ?? []) {
        const places = this.#places.get(key) ?? [];
        places.push({ run, node: id });
        this.#places.set(key, places);
      }
    for (const hint of allHints(store))
      if (hint.key !== undefined) this.#hints.set(hint.key, [...(this.#hints.get(hint.key) ?? []), hint]);
    for (const key of kept.keys()) for (const digest of this.#digestsOf(key)) this.#needed.add(digest);
  }

  items(): TrashItem[] {
    const checkpoints = this.#checkpoints();
    const results = [...this.#records.keys()].filter((key) => !this.#kept.has(key)).map((key) => this.#result(key));
    return [
      ...checkpoints.filter(({ reason }) => reason === FINISHED),
      ...checkpoints.filter(({ reason }) => reason !== FINISHED),
      ...withShared(results.sort(byLastUse)),
      ...this.#strayHints(),
      ...this.#leftOvers(),
      ...this.#deadRuns(),
    ];
  }

  #checkpoints(): TrashItem[] {
    const store = this.#store;
    return readdirSync(store.checkpoints).flatMap((key): TrashItem[] => {
      const folder = checkpointFolder(store, key);
      const files = sizes(folder);
      const newest = Math.max(statSync(folder).mtimeMs, ...files.map(({ mtimeMs }) => mtimeMs));
      const finished = this.#records.has(key);
      if (isYoung(newest, this.#roots) || leaseHolder(store, key) || (!finished && this.#kept.has(key))) return [];
      const hints = finished ? [] : this.#hintsTo(key);
      return [
        {
          ...this.#named(key, 'checkpoints of '),
          kind: 'checkpoint',
          key,
          bytes: files.reduce((sum, { size }) => sum + size, 0) + bytesOf(hints),
          lastUsed: new Date(newest).toISOString(),
          reason: finished ? FINISHED : this.#whyDead(key),
          paths: [folder, ...hints.map(({ path }) => path)].map((path) => pathInStore(store, path)),
        },
      ];
    });
  }

  #result(key: string): TrashItem {
    const store = this.#store;
    const record = this.#records.get(key);
    const digests = this.#digestsOf(key).filter((digest) => !this.#needed.has(digest) && this.#isIdle(digest));
    const published = (this.#places.get(key) ?? []).flatMap(({ run, node }) =>
      // With a run that goes, what it has published goes.
      this.#isDead(run)
        ? []
        : Object.keys(record?.artifacts ?? {}).flatMap((role) => {
            const folder = run.folder && join(run.folder.nodeFolder(node), role);
            return folder && existsSync(folder) ? [pathInStore(store, folder)] : [];
          }),
    );
    const { mtimeMs } = statSync(keyPath(store, key));
    const used = Math.max(mtimeMs, ...(this.#places.get(key) ?? []).map(({ run }) => run.lastUsed));
    const state = record?.state ? `, with its kept state after step ${record.state.step}` : '';
    return {
      ...this.#named(key),
      kind: 'result',
      key,
      bytes: digests.reduce(
        (sum, digest) => sum + this.#newBytes(digest),
        (mtimeMs > 0 ? statSync(keyPath(store, key)).size : 0) + bytesOf(this.#hintsTo(key)),
      ),
      lastUsed: new Date(used).toISOString(),
      reason: this.#whyDead(key) + state,
      paths: [
        pathInStore(store, keyPath(store, key)),
        ...(this.#beside.get(key) ?? []).map((path) => pathInStore(store, path)),
        ...this.#hintsTo(key).map(({ path }) => pathInStore(store, path)),
        ...published,
        ...digests.map((digest) => pathInStore(store, objectPath(store, digest))),
      ],
    };
  }

  /** Hints go with what they lead to; these were left when it went without them. */
  #strayHints(): TrashItem[] {
    const store = this.#store;
    return [...this.#hints].flatMap(([key, hints]): TrashItem[] => {
      const newest = Math.max(...hints.map(({ mtimeMs }) => mtimeMs));
      if (this.#kept.has(key) || isYoung(newest, this.#roots) || !leadsNowhere(store, key)) return [];
      return [
        {
          ...this.#named(key, 'hints to '),
          kind: 'hint',
          key,
          bytes: bytesOf(hints),
          lastUsed: new Date(newest).toISOString(),
          reason: `its result is gone; ${this.#whyDead(key)}`,
          paths: hints.map(({ path }) => pathInStore(store, path)),
        },
      ];
    });
  }

  #hintsTo(key: string): readonly Hint[] {
    return this.#hints.get(key) ?? [];
  }

  #leftOvers(): TrashItem[] {
    const store = this.#store;
    const named = new Set([...this.#records.keys()].flatMap((key) => this.#digestsOf(key)));
    for (const digest of digestsInCheckpoints(store)) named.add(digest);
    const paths: string[] = [];
    let bytes = 0;
    let last = 0;
    for (const folder of readdirSync(store.objects))
      for (const digest of readdirSync(join(store.objects, folder))) {
        if (named.has(digest) || this.#needed.has(digest)) continue;
        const path = join(store.objects, folder, digest);
        const { size, mtimeMs } = statSync(path);
        if (isYoung(mtimeMs, this.#roots) || !this.#isIdle(digest)) continue;
        paths.push(pathInStore(store, path));
        bytes += size;
        last = Math.max(last, mtimeMs);
      }
    if (paths.length === 0) return [];
    const reason = 'no result names them: what attempts that were killed had stored';
    const name = `${paths.length} stored file${paths.length === 1 ? '' : 's'} without a result`;
    return [{ name, kind: 'left-over', bytes, lastUsed: new Date(last).toISOString(), reason, paths }];
  }

  /** Runs of which nothing is kept; their names are needed until now. */
  #deadRuns(): TrashItem[] {
    return this.#runs.flatMap((run): TrashItem[] => {
      if (!this.#isDead(run)) return [];
      const folder = join(this.#store.runs, run.id);
      const bytes = sizes(folder).reduce((sum, { size, nlink }) => sum + (nlink > 1 ? 0 : size), 0);
      return [
        {
          name: `run ${run.id}`,
          kind: 'run',
          run: run.id,
          bytes,
          lastUsed: new Date(run.lastUsed).toISOString(),
          reason: run.folder ? `${this.#whyNotPlanned(run)}; none of its results is kept` : 'its plan is not readable',
          paths: [pathInStore(this.#store, folder)],
        },
      ];
    });
  }

  #isDead({ kept, folder }: SeenRun): boolean {
    return kept === undefined && !folder?.plan.nodes.some(({ key }) => this.#kept.has(key));
  }

  #named(key: string, before = ''): Pick<TrashItem, 'name' | 'run' | 'stage' | 'node'> {
    const name = this.#names.get(key);
    const stage = name?.stage ?? this.#records.get(key)?.manifest.stage;
    if (!name)
      return {
        name: `${before}a node${stage ? ` of ${stage}` : ''}, key ${key.slice(0, 12)}`,
        ...(stage && { stage }),
      };
    return { name: before + name.node, run: name.run, stage: name.stage, node: name.node };
  }

  #whyDead(key: string): string {
    const newest = this.#places.get(key)?.at(-1)?.run;
    if (!newest) return 'no run here has it, and no current experiment file plans it';
    return this.#whyNotPlanned(newest);
  }

  #whyNotPlanned({ file }: SeenRun): string {
    const current = [...new Set(this.#roots.planned.values())];
    return current.includes(file)
      ? `${file} no longer plans it`
      : `no current experiment file plans it (${file} is not among them)`;
  }

  #digestsOf(key: string): string[] {
    const records = [this.#records.get(key), ...(this.#beside.get(key) ?? []).map((path) => readRecord(path, key))];
    return records.flatMap((record) => (record ? filesOf(record).map(({ sha256 }) => sha256) : []));
  }

  #isIdle(digest: string): boolean {
    if (!this.#working) return true;
    const found = statSync(objectPath(this.#store, digest), { throwIfNoEntry: false });
    return found === undefined || Date.now() - found.mtimeMs > WORKING_MS;
  }

  #newBytes(digest: string): number {
    if (this.#counted.has(digest)) return 0;
    this.#counted.add(digest);
    return statSync(objectPath(this.#store, digest), { throwIfNoEntry: false })?.size ?? 0;
  }
}

function byLastUse(a: TrashItem, b: TrashItem): number {
  return (a.lastUsed ?? '').localeCompare(b.lastUsed ?? '') || a.name.localeCompare(b.name);
}

/** An object that several of them name stays until the last of them has gone. */
function withShared(items: readonly TrashItem[]): TrashItem[] {
  const last = new Map(items.flatMap((item) => item.paths.map((path) => [path, item] as const)));
  return items.map((item) => {
    const shared = item.paths.filter((path) => last.get(path) !== item);
    return shared.length === 0
      ? item
      : { ...item, paths: item.paths.filter((path) => last.get(path) === item), shared };
  });
}

const FINISHED = 'its node is finished';
