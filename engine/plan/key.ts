/**
 * The cache key: SHA-256 of the canonical JSON of a manifest that holds everything that decides a result, and nothing
 * else. This is the only module that makes one; the brand keeps other digests from passing for it.
 *
 * Never in it: names, tags, notes, paths, the data folder, the number of workers, checkpoint cadence, host, time.
 */
import { canonicalJson } from '../../base/canonical-json.ts';
import { sha256 } from '../../base/digest.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import type { Seed, StageKind } from '../../stages/stage.ts';
import { differing } from './defaults.ts';
import { keptNumerics, type NumericsMode } from './numerics.ts';
import type { KeyManifest } from './plan.ts';

export type CacheKey = string & { readonly __brand: 'CacheKey' };

export interface KeyInputs {
  readonly stage: StageKind;
  /** All parameters, defaults filled in. */
  readonly params: JsonObject;
  readonly seed: Seed;
  /** Role → key of the upstream node. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Its name decides the constants of normalisation and the names of the classes, so the files alone are not enough. */
  readonly dataSet: string;
  readonly dataDigest: string;
  /** Backend, its versions and the processor class. */
  readonly numerics: Readonly<Record<string, string | number>>;
  readonly threads: number;
  /** How much of the numerics counts; all of it where absent. */
  readonly mode?: NumericsMode | undefined;
}

export function keyManifest(given: KeyInputs): KeyManifest {
  const { stage, params, seed, inputs, dataSet, dataDigest, numerics, threads, mode } = given;
  if ('data' in stage.inputs) throw new Error(`Internal error: expected no input role \`data\` in stage ${stage.kind}`);
  return {
    // The form of the manifest itself: a later form must not meet an older one by accident.
    v: 1,
    // What is computed.
    stage: stage.kind,
    // The author raises it when results change for equal parameters.
    version: stage.version,
    // How it is computed. Defaults are left out, so that a new parameter whose default keeps the behaviour keeps every
    // cache; a changed default must raise the version, and a golden file sees to that.
    params: differing(decisive(params, stage), stage.parameters),
    // Which random numbers it draws; only the replicates on which this stage itself draws.
    seed: stageSeed(stage, seed),
    // What it is computed from: keys of what stands upstream, so that a dry run is exact, and the bytes of the data set.
    inputs: stage.usesData ? { ...inputs, data: `${dataSet}@${dataDigest}` } : inputs,
    // What can move the last bit of a float sum: engine, its version, processor class, native threads. The last two only
    // where equal keys are to mean equal bytes.
    numerics: keptNumerics({ ...numerics, threads }, mode),
  };
}

function decisive(params: JsonObject, { steering = [], splitting = [] }: StageKind): JsonObject {
  return without(params, [...steering, ...splitting]);
}

export function without(params: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(params).filter(([name]) => !names.includes(name)));
}

export function cacheKey(manifest: KeyManifest): CacheKey {
  return sha256(canonicalJson(manifest as unknown as Json)) as CacheKey;
}

/** The seed as the stage sees it: without the replicates on which it does not draw. */
export function stageSeed(stage: StageKind, seed: Seed): Seed {
  return {
    base: seed.base,
    ...(stage.replicates.includes('set') && seed.set !== undefined && { set: seed.set }),
    ...(stage.replicates.includes('evaluation') && seed.evaluation !== undefined && { evaluation: seed.evaluation }),
  };
}
