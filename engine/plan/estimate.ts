/**
 * What a grid will cost, from what earlier results have cost: seconds a unit of work (an iteration, an epoch, else the
 * whole stage) of the same stage kind and backend, of results with the nearest settings. Pure: history is handed in.
 * Where there is none that is said, never guessed.
 */
import type { JsonObject } from '../../base/json.ts';
import { deepFacts, type ManifestOf } from './explain-features.ts';
import type { KeyManifest, Plan, PlanNode } from './plan.ts';
import { median, quantile } from './quantiles.ts';

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

/** Results with one set of settings. */
interface Group {
  readonly facts: ReadonlyMap<string, string>;
  readonly costs: { readonly units: number; readonly seconds: number }[];
  readonly bytes: number[];
  probes: number;
}

/** Undefined: no history. `fromStep`: what a checkpoint has done already. */
export function estimator(options: EstimateOptions): (node: PlanNode, fromStep?: number) => Estimate | undefined {
  const { plan, history, unitsOf } = options;
  const planned = new Map(plan.nodes.map(({ key, manifest }) => [key, manifest]));
  const past = new Map(history.map(({ key, manifest }) => [key, manifest]));
  const manifestOf: ManifestOf = (key) => planned.get(key) ?? past.get(key) ?? options.manifestOf?.(key);
  const groups = groupsByStage(options, manifestOf);
  const nearest = new Map<string, { group: Group; same: boolean } | undefined>();
  return ({ manifest, params }, fromStep = 0) => {
    const { units, parameter } = unitsOf(manifest.stage, params, manifest.shard);
    const facts = settingsOf(manifest, manifestOf, parameter);
    const name = nameOf(facts);
    const known = groups.get(kindOfWork(manifest)) ?? new Map<string, Group>();
    const id = `${kindOfWork(manifest)} ${name}`;
    const found = nearest.has(id) ? nearest.get(id) : nearestGroup(facts, name, known);
    nearest.set(id, found);
    if (!found) return undefined;
    const { group, same } = found;
    const left = units * Math.max(0, 1 - fromStep / Math.max(1, units));
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

/** A name for all that the estimator takes for the same work but for its length. */
export function workName(options: EstimateOptions): (node: PlanNode) => string {
  const { plan, history, unitsOf } = options;
  const known = new Map([...history, ...plan.nodes].map(({ key, manifest }) => [key, manifest] as const));
  const manifestOf: ManifestOf = (key) => known.get(key) ?? options.manifestOf?.(key);
  return ({ manifest, params }) => {
    const { parameter } = unitsOf(manifest.stage, params, manifest.shard);
    return `${kindOfWork(manifest)}\n${nameOf(settingsOf(manifest, manifestOf, parameter))}`;
  };
}

/** Seconds a unit. Starting costs seconds that short results would spread over few units: the long ones count. */
function ratesOf({ costs }: Group): number[] {
  const longest = Math.max(...costs.map(({ units }) => units));
  return costs.filter(({ units }) => 2 * units >= longest).map(({ units, seconds }) => seconds / units);
}

function groupsByStage({ history, unitsOf }: EstimateOptions, manifestOf: ManifestOf): Map<string, Map<string, Group>> {
  const stages = new Map<string, Map<string, Group>>();
  for (const { manifest, seconds, bytes, probe } of history) {
    const { units, parameter } = unitsOf(manifest.stage, manifest.params, manifest.shard);
    if (!(units > 0)) continue;
    const facts = settingsOf(manifest, manifestOf, parameter);
    const groups = stages.get(kindOfWork(manifest)) ?? new Map<string, Group>();
    stages.set(kindOfWork(manifest), groups);
    const group = groups.get(nameOf(facts)) ?? { facts, costs: [], bytes: [], probes: 0 };
    groups.set(nameOf(facts), group);
    group.costs.push({ units, seconds });
    if (bytes !== undefined) group.bytes.push(bytes);
    if (probe) group.probes++;
  }
  return stages;
}

/**
 * Stage kind, backend and device class: what a graphics device takes says nothing of a processor. Joining shards is no work
 * of the stage's kind.
 */
export function kindOfWork({ stage, numerics, merge }: KeyManifest): string {
  const { backend = '', provider = '', device = '' } = numerics;
  return `${stage}${merge ? ' merge' : ''} ${backend} ${provider} ${device}`.trimEnd();
}

/** All that may decide how long a unit takes: without seeds, the length itself, and the digest of the data. */
function settingsOf(manifest: KeyManifest, manifestOf: ManifestOf, length: string | undefined): Map<string, string> {
  const facts = new Map<string, string>();
  for (const [path, value] of deepFacts(manifest, manifestOf)) {
    // A seed upstream is a seed, too; how many steps were made upstream costs nothing here.
    const isLength = path === `params.${length}` || path === `shard.${length}`;
    if (/(^|\/)seed\./.test(path) || isLength || /\/params\.(iterations|epochs|steps)$/.test(path)) continue;
    // Which part it is costs nothing, how large it is does.
    if (/(^|\/)shard\./.test(path)) facts.set(path, extentOf(value));
    else facts.set(path, path.endsWith('data') ? value.replace(/@.*/, '') : value);
  }
  return facts;
}

/** Canonical text: of a run `[from,to]` its length. */
function extentOf(value: string): string {
  const run: unknown = JSON.parse(value);
  return Array.isArray(run) && run.length === 2 ? `${Number(run[1]) - Number(run[0])}` : value;
}

function nameOf(facts: ReadonlyMap<string, string>): string {
  return [...facts].map(([path, value]) => `${path}=${value}`).join('\n');
}

function nearestGroup(
  facts: ReadonlyMap<string, string>,
  name: string,
  groups: ReadonlyMap<string, Group>,
): { group: Group; same: boolean } | undefined {
  const same = groups.get(name);
  if (same) return { group: same, same: true };
  let best: { group: Group; distance: number } | undefined;
  for (const group of groups.values()) {
    const distance = distanceBetween(facts, group.facts);
    if (!best || distance < best.distance) best = { group, distance };
  }
  return best && { group: best.group, same: false };
}

/** The network decides most of what a step costs, the number of threads the next. */
function distanceBetween(ours: ReadonlyMap<string, string>, theirs: ReadonlyMap<string, string>): number {
  let distance = 0;
  for (const path of new Set([...ours.keys(), ...theirs.keys()]))
    if (ours.get(path) !== theirs.get(path)) distance += /network/.test(path) ? 4 : /threads|data$/.test(path) ? 2 : 1;
  return distance;
}
