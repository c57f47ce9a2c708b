/**
 * What a grid will cost, from what earlier results have cost: seconds a unit of work (an iteration, an epoch, else the
 * whole stage) of the same stage kind and backend, of results with the nearest settings. Pure: history is handed in.
 * Where there is none that is said, never guessed.
 */
import type { JsonObject } from '../../base/json.ts';
import type { ManifestOf } from './explain-features.ts';
import type { KeyManifest, Plan, PlanNode } from './plan.ts';
import { median, quantile } from './quantiles.ts';
import {
  type Group,
  groupsByStage,
  kindOfWork,
  manifestsOf,
  nameOf,
  nearestGroup,
  ratesOf,
  settingsOf,
} from './work-groups.ts';

export interface PastResult {
  readonly key: string;
  readonly manifest: KeyManifest;
  readonly seconds: number;
  /** Of its files; absent where it has none yet. */
  readonly bytes?: number;
  /** Nothing that was finished: what it would take at the pace of its first steps. */
  readonly probe?: true;
}

export interface Estimate {
  /** Median, and where several results are known the 10 % and 90 % quantiles. */
  readonly seconds: Spread;
  /** Absent where none of them has files. */
  readonly bytes?: number;
  /** Of so many earlier results. */
  readonly results: number;
  /** Whether they had the same settings but for seeds and length, else the nearest. */
  readonly sameSettings: boolean;
  /** By the pace of a few steps alone. */
  readonly probe?: true;
}

export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export interface EstimateOptions {
  readonly plan: Plan;
  readonly history: readonly PastResult[];
  /** Of results of whatever kind that stand upstream of the history. */
  readonly manifestOf?: ManifestOf;
  /** Units of work of a stage with these parameters, or of its shard, and the parameter that counts them. */
  unitsOf(
    stage: string,
    params: JsonObject,
    shard?: JsonObject,
  ): { readonly units: number; readonly parameter?: string };
}

/** Undefined: no history. `done`: units of work that a checkpoint has done already. */
export function estimator(options: EstimateOptions): (node: PlanNode, done?: number) => Estimate | undefined {
  const { unitsOf } = options;
  const manifestOf = manifestsOf(options);
  const groups = groupsByStage(options, manifestOf);
  const nearest = new Map<string, { group: Group; same: boolean } | undefined>();
  return ({ manifest, params }, done = 0) => {
    const { units, parameter } = unitsOf(manifest.stage, params, manifest.shard);
    const facts = settingsOf(manifest, manifestOf, parameter);
    const name = nameOf(facts);
    const known = groups.get(kindOfWork(manifest)) ?? new Map<string, Group>();
    const id = `${kindOfWork(manifest)} ${name}`;
    const found = nearest.has(id) ? nearest.get(id) : nearestGroup(facts, name, known);
    nearest.set(id, found);
    if (!found) return undefined;
    const { group, same } = found;
    const left = Math.max(0, units - done);
    const rates = ratesOf(group);
    const at = (share: number) => quantile(rates, share) * left;
    return {
      seconds: { median: at(0.5), low: at(0.1), high: at(0.9) },
      ...(group.bytes.length > 0 && { bytes: median(group.bytes) }),
      results: rates.length,
      sameSettings: same,
      ...(group.probes > 0 && group.probes === group.costs.length && { probe: true }),
    };
  };
}
