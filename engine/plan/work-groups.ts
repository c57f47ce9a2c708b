/**
 * What estimates take for the same work: results of one stage kind, backend and device class, grouped by all their settings but
 * seeds and length; and of groups the nearest to settings that have none.
 */

import type { EstimateOptions } from './estimate.ts';
import { deepFacts, type ManifestOf } from './explain-features.ts';
import type { KeyManifest, PlanNode } from './plan.ts';

/** Results with one set of settings. */
export interface Group {
  readonly facts: ReadonlyMap<string, string>;
  readonly costs: { readonly units: number; readonly seconds: number }[];
  readonly bytes: number[];
  probes: number;
}

/** Of what is planned and what is past. */
export function manifestsOf({ plan, history, manifestOf }: EstimateOptions): ManifestOf {
  const known = new Map([...history, ...plan.nodes].map(({ key, manifest }) => [key, manifest] as const));
  return (key) => known.get(key) ?? manifestOf?.(key);
}

/** A name for all that the estimator takes for the same work but for its length. */
export function workName(options: EstimateOptions): (node: PlanNode) => string {
  const { unitsOf } = options;
  const manifestOf = manifestsOf(options);
  return ({ manifest, params }) => {
    const { parameter } = unitsOf(manifest.stage, params, manifest.shard);
    return `${kindOfWork(manifest)}\n${nameOf(settingsOf(manifest, manifestOf, parameter))}`;
  };
}

/** Seconds a unit. Starting costs seconds that short results would spread over few units: the long ones count. */
export function ratesOf({ costs }: Pick<Group, 'costs'>): number[] {
  const longest = Math.max(...costs.map(({ units }) => units));
  return costs.filter(({ units }) => 2 * units >= longest).map(({ units, seconds }) => seconds / units);
}

export function groupsByStage(
  { history, unitsOf }: EstimateOptions,
  manifestOf: ManifestOf,
): Map<string, Map<string, Group>> {
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
export function settingsOf(
  manifest: KeyManifest,
  manifestOf: ManifestOf,
  length: string | undefined,
): Map<string, string> {
  const facts = new Map<string, string>();
  for (const [path, value] of deepFacts(manifest, manifestOf)) {
    // A seed upstream is a seed, too; how many steps were made upstream costs nothing here.
    const isLength = path === `params.${length}` || path === `shard.${length}`;
    if (/(^|\/)(seed\.|code$)/.test(path) || isLength || /\/params\.(iterations|epochs|steps)$/.test(path)) continue;
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

export function nameOf(facts: ReadonlyMap<string, string>): string {
  return [...facts].map(([path, value]) => `${path}=${value}`).join('\n');
}

export function nearestGroup(
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
