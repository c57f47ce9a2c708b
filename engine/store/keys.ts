/**
 * What a node made, by its cache key. The key file is written last, after every object it names: without one nothing is
 * done. The first writer wins; a second one with other results has shown that a stage is not deterministic, and its
 * record is kept beside for whoever looks into it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../../base/canonical-json.ts';
import { sha256 } from '../../base/digest.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import { FailureError } from '../../base/result.ts';
import type { KeyManifest } from '../plan/plan.ts';
import { errorCode, onDisk } from './disk-failure.ts';
import { writeDurably, writeDurablyIfAbsent } from './durable.ts';
import { objectSize } from './objects.ts';
import type { Store } from './store.ts';

export interface StoredFile {
  readonly sha256: string;
  readonly bytes: number;
}

export interface KeyRecord {
  readonly schema: 'retort-key/1';
  readonly key: string;
  readonly manifest: KeyManifest;
  /** Role → file → object. */
  readonly artifacts: Readonly<Record<string, Readonly<Record<string, StoredFile>>>>;
  readonly metrics: Readonly<Record<string, number>>;
  /** What it took, over all attempts; not part of the result. */
  readonly seconds: number;
  readonly steps: number;
  /** Where longer computations of the same chain go on from; not part of the result, and may be lost. */
  readonly state?: KeptState;
  /** The key that it was computed under, where another node's result was taken over; see `contents.ts`. */
  readonly takenFrom?: string;
  /** Where its key leaves the machine out, on what it was made; not part of the result. */
  readonly madeWith?: Readonly<Record<string, string | number>>;
  /** Of the code that made it, see `code-digests.ts`; not part of the result. */
  readonly code?: string;
}

/** A state by its object; see `kept-states.ts`. */
export interface KeptState {
  readonly step: number;
  readonly tensors: StoredFile;
  /** The names of the tensors as they came. */
  readonly order: readonly string[];
  readonly values: JsonObject;
}

/** Every object that a record names, kept states too: what must not be swept away while the record stands. */
export function filesOf({ artifacts, state }: KeyRecord): StoredFile[] {
  return [...Object.values(artifacts).flatMap((files) => Object.values(files)), ...(state ? [state.tensors] : [])];
}

export function keyPath(store: Store, key: string): string {
  return join(store.keys, key.slice(0, 2), `${key}.json`);
}

/** The record of a finished node. A record whose objects are not all there, with their sizes, is not believed. */
export function readKey(store: Store, key: string): KeyRecord | undefined {
  const record = readRecord(keyPath(store, key), key);
  return record && isWhole(store, record) ? record : undefined;
}

/** `conflict`: another result was there already, and stays unless its objects are gone. */
export function commitKey(store: Store, record: KeyRecord): 'committed' | 'same' | 'conflict' {
  const path = keyPath(store, record.key);
  const text = textOf(record);
  const options = { tmp: store.tmp, as: 'key' } as const;
  if (writeDurablyIfAbsent(path, text, options)) return 'committed';
  const standing = readRecord(path, record.key);
  if (!standing) {
    // A record is never half-written, so what lies there is damaged and nobody's result.
    writeDurably(path, text, options);
    return 'committed';
  }
  if (resultDigest(standing) === resultDigest(record)) return 'same';
  if (isWhole(store, standing)) writeDurably(besidePath(path, record), text, options);
  else {
    writeDurably(besidePath(path, standing), textOf(standing), options);
    writeDurably(path, text, options);
  }
  return 'conflict';
}

function besidePath(path: string, record: KeyRecord): string {
  return path.replace(/\.json$/, `.conflict-${resultDigest(record).slice(0, 8)}.json`);
}

/** All that must be equal between two attempts at one key: everything but the time it took. */
export function resultDigest({ key, manifest, artifacts, metrics, steps }: KeyRecord): string {
  return sha256(canonicalJson({ key, manifest, artifacts, metrics, steps } as unknown as Json));
}

/** Every key file of the store, in the order of the keys; conflicting records are not among them. */
export function allKeys(store: Store): string[] {
  return readdirSync(store.keys, { withFileTypes: true })
    .filter((folder) => folder.isDirectory())
    .flatMap((folder) => readdirSync(join(store.keys, folder.name)))
    .filter((name) => /^[^.]+\.json$/.test(name))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}

/** As written, whether or not its objects are there. */
export function readRecord(path: string, key: string): KeyRecord | undefined {
  try {
    const sealed = JSON.parse(onDisk(path, () => readFileSync(path, 'utf8'))) as (KeyRecord & Sealed) | null;
    if (sealed?.schema !== 'retort-key/1' || sealed.key !== key) return undefined;
    const { seal: _, ...record } = sealed;
    return hasShape(record) ? record : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** A file that says it is a key and lacks what one has was written by nobody of ours: it is damaged. */
function hasShape({
  manifest,
  artifacts,
  metrics,
  seconds,
  steps,
}: Partial<Record<keyof KeyRecord, unknown>>): boolean {
  if (!isMap(manifest) || !isMap(metrics) || !isMap(artifacts)) return false;
  if (typeof seconds !== 'number' || typeof steps !== 'number') return false;
  return Object.values(artifacts).every((files) => isMap(files) && Object.values(files).every(isStoredFile));
}

function isStoredFile(file: unknown): boolean {
  return isMap(file) && /^[0-9a-f]{64}$/.test(String(file.sha256)) && typeof file.bytes === 'number';
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWhole(store: Store, record: KeyRecord): boolean {
  return Object.values(record.artifacts)
    .flatMap((files) => Object.values(files))
    .every((file) => objectSize(store, file.sha256) === file.bytes);
}

function textOf(record: KeyRecord): string {
  for (const [name, value] of Object.entries(record.metrics))
    if (!Number.isFinite(value))
      throw new FailureError({
        code: 'METRIC_NOT_FINITE',
        message: `The stage \`${record.manifest.stage}\` ended with ${name} = ${value}; a result must be a number.`,
        place: record.key,
        help: 'Lower the learning rate, or look at the last figures in the log of the attempt.',
      });
  return `${JSON.stringify({ ...record, seal: recordSeal(record) }, null, 2)}\n`;
}

/** The digest of a record that stands in its file, for `verify`; files of earlier versions have none. */
interface Sealed {
  readonly seal?: string;
}

export function recordSeal(record: KeyRecord): string {
  return sha256(canonicalJson(record as unknown as Json));
}
