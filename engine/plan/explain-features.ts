/**
 * A manifest as a flat list of facts, `params.learningRate` → `0.1`, with the facts of whatever stands upstream behind the
 * role that reads it. What is equal up and down the chain (data, seed, numerics) is said once, so that one change of it
 * counts as one. Two results are as near as they share facts.
 */
import { canonicalJson } from '../../base/canonical-json.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import { isObject } from './defaults.ts';
import type { KeyManifest } from './plan.ts';

/** Path → value. */
export type Facts = ReadonlyMap<string, Json>;

export type ManifestOf = (key: string) => KeyManifest | undefined;

/** Further up the key stands for everything: a chain of hundreds must not cost the square of its length. */
const DEEPEST = 4;

/** Facts of the node itself; inputs are left out. */
export function ownFacts({ version, params, seed, inputs, numerics, at, shard, merge, code }: KeyManifest): Facts {
  const facts = new Map<string, Json>([['version', version]]);
  if (code !== undefined) facts.set('code', code);
  if (at !== undefined) facts.set('at', at);
  if (shard) leaves(shard, 'shard', facts);
  if (merge) facts.set('shards', Object.keys(inputs).length);
  leaves(params, 'params', facts);
  leaves((seed ?? {}) as JsonObject, 'seed', facts);
  leaves(numerics as JsonObject, 'numerics', facts);
  if (inputs.data !== undefined) facts.set('data', inputs.data);
  return facts;
}

/** Own facts and those upstream, as `path` → canonical text. */
export function deepFacts(manifest: KeyManifest, manifestOf: ManifestOf, depth = 0): ReadonlyMap<string, string> {
  const facts = new Map<string, string>();
  for (const [path, value] of ownFacts(manifest)) facts.set(path, canonicalJson(value));
  for (const [role, key] of upstreamOf(manifest)) {
    const upstream = depth < DEEPEST ? manifestOf(key) : undefined;
    facts.set(`${role}/stage`, upstream ? upstream.stage : key);
    if (!upstream) continue;
    for (const [path, value] of deepFacts(upstream, manifestOf, depth + 1))
      if (!isShared(path) || facts.get(path) !== value) facts.set(`${role}/${path}`, value);
  }
  return facts;
}

/**
 * Role → key, without the data set, which is no node. Of shards the first speaks for all: they differ in nothing but what
 * they cover, and a node that joins thousands must not be as dear as thousands.
 */
export function upstreamOf({ inputs, merge }: KeyManifest): [role: string, key: string][] {
  const [first] = Object.values(inputs);
  if (merge) return first === undefined ? [] : [['shard', first]];
  return Object.entries(inputs).filter(([role]) => role !== 'data');
}

function isShared(path: string): boolean {
  return path === 'data' || path.startsWith('seed.') || path.startsWith('numerics.');
}

function leaves(value: JsonObject, path: string, into: Map<string, Json>): void {
  for (const [name, inner] of Object.entries(value)) {
    const here = `${path}.${name}`;
    if (isObject(inner) && Object.keys(inner).length > 0) leaves(inner, here, into);
    else into.set(here, inner);
  }
}
