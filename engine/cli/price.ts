/** The price of what a plan would run, from the store's own history: for `plan`, in words and as JSON. */
import type { JsonObject } from '../../base/json.ts';
import { formatSize } from '../../base/units.ts';
import { stageKind } from '../../stages/registry.ts';
import { estimator, type PastResult, type Spread } from '../plan/estimate.ts';
import { type Price, type PricedNode, priceOf } from '../plan/estimate-grid.ts';
import type { ManifestOf } from '../plan/explain-features.ts';
import type { LimitsOf } from '../plan/limits.ts';
import { type PastError, type PastErrors, pastErrors } from '../plan/past-error.ts';
import type { Plan } from '../plan/plan.ts';
import { count, duration } from '../report/wording.ts';
import type { EarlierResult } from '../store/earlier-results.ts';
import { bytesKnown, bytesLines, type Looked } from './known-bytes.ts';
import { defaultOf, type Prospect } from './prospects.ts';

export interface PlanPrice extends Price {
  readonly nodes: readonly PricedNode[];
  /** How far estimates were off on what is known; of kinds that would run. */
  readonly pastError: PastErrors;
}

export function priced(
  plan: Plan,
  prospects: readonly Prospect[],
  earlier: readonly EarlierResult[],
  limits: LimitsOf,
  looked: Looked,
  probes: readonly PastResult[] = [],
): PlanPrice {
  // Of thousands of results most are of other kinds, or nothing would run at all.
  const kinds = new Set(prospects.filter(({ state }) => state !== 'hit').map(({ node }) => node.manifest.stage));
  const history = [
    ...earlier.filter(({ manifest }) => kinds.has(manifest.stage) && !manifest.merge),
    ...begun(prospects),
  ];
  const estimate = estimator({ plan, history: [...history, ...probes], unitsOf, manifestOf: manifestsOf(earlier) });
  const bytesOf = bytesKnown(plan, looked);
  const nodes = prospects.map((prospect): PricedNode => {
    const { node, state, by, storedBytes } = prospect;
    if (state === 'hit' || state === 'pruned') return { node, costs: 'nothing' };
    // Joining shards lists their files.
    if (node.manifest.merge) return { node, costs: 'nothing' };
    const { knownBytes, passingBytes } = bytesOf(node);
    const { gpus } = limits(node);
    const known = {
      ...(knownBytes !== undefined && { knownBytes }),
      ...(passingBytes > 0 && { passingBytes }),
      ...(storedBytes !== undefined && { storedBytes }),
      ...(gpus !== undefined && { gpus }),
    };
    // On the way of another: no time, but files of its own.
    if (by !== undefined) return { node, costs: 'nothing', ...known };
    const found = estimate(node, unitsDone(prospect));
    return found ? { node, estimate: found, costs: 'something', ...known } : { node, costs: 'unknown', ...known };
  });
  const past = history.filter(({ bytes }) => bytes !== undefined);
  return {
    ...priceOf(nodes),
    nodes,
    pastError: pastErrors({ plan, history: past, unitsOf, manifestOf: manifestsOf(earlier) }),
  };
}

/**
 * A step need not be a unit: recovery has its iterations once a batch, an epoch of labels may be several files. Steps are
 * units where nothing else is known, and from another node of a chain, whose kinds count by them.
 */
function unitsDone({ node: { manifest, params }, fromStep = 0, doneShare }: Prospect): number {
  return doneShare === undefined ? fromStep : doneShare * unitsOf(manifest.stage, params, manifest.shard).units;
}

/** What is unfinished has a history of its own: as many units as its checkpoint holds. */
function begun(prospects: readonly Prospect[]): PastResult[] {
  return prospects.flatMap((prospect) => {
    const { node, fromSeconds = 0 } = prospect;
    const { key, manifest, params } = node;
    const { parameter } = unitsOf(manifest.stage, params, manifest.shard);
    const units = unitsDone(prospect);
    if (parameter === undefined || !(units > 0 && fromSeconds > 0)) return [];
    const { shard } = manifest;
    const done =
      shard && parameter in shard
        ? { ...manifest, shard: { ...shard, [parameter]: [0, units] } }
        : { ...manifest, params: { ...manifest.params, [parameter]: units } };
    return [{ key, manifest: done, seconds: fromSeconds }];
  });
}

function manifestsOf(earlier: readonly EarlierResult[]): ManifestOf {
  const known = new Map(earlier.map(({ key, manifest }) => [key, manifest]));
  return (key) => known.get(key);
}

const LENGTHS = ['iterations', 'epochs', 'steps'];

/** The parameter that says how long a stage takes, if it has one. */
export function unitsOf(
  stage: string,
  params: JsonObject,
  shard: JsonObject = {},
): { units: number; parameter?: string } {
  const kind = stageKind(stage);
  const named = [kind?.prefixExtending, ...LENGTHS];
  const parameter = named.find((name) => name !== undefined && kind && name in kind.parameters.properties);
  if (parameter === undefined) return { units: 1 };
  const covered = shard[parameter];
  if (Array.isArray(covered)) return { units: Number(covered[1]) - Number(covered[0]), parameter };
  const value = params[parameter] ?? defaultOf(stage, parameter);
  return typeof value === 'number' && value > 0 ? { units: value, parameter } : { units: 1 };
}

/** A few lines; none where nothing would run. */
export function priceLines(price: PlanPrice): string[] {
  const {
    seconds,
    longestChainSeconds,
    gpuSeconds,
    bytes,
    estimated,
    withoutHistory,
    unknownStages,
    fromOtherSettings,
    fromProbes,
    withoutBytes,
  } = price;
  const lines: string[] = [];
  if (estimated > 0) {
    const chain =
      longestChainSeconds < 0.95 * seconds.median
        ? `, at least ${duration(longestChainSeconds)} however many run side by side`
        : '';
    const whole = withoutHistory > 0 ? ` for ${count(estimated, 'node')}` : '';
    const gpus = gpuSeconds > 0 ? `; ${duration(gpuSeconds)} of a GPU` : '';
    lines.push(
      `About ${spread(seconds)} of work${whole}${chain}${gpus}; ${onDisk(bytes, estimated + withoutHistory - withoutBytes, withoutBytes)}.`,
    );
    if (fromProbes > 0)
      lines.push(
        `${count(fromProbes, 'node')} by the pace of a few steps, one probe of each kind of work: no interval.`,
      );
    if (fromOtherSettings > 0)
      lines.push(`${count(fromOtherSettings, 'node')} by results with other settings, the nearest there are.`);
    const off = errorWords(price);
    if (off) lines.push(off);
  }
  if (withoutHistory > 0)
    lines.push(`No history for ${count(withoutHistory, 'node')} (${unknownStages.join(', ')}): no price.`);
  lines.push(...bytesLines(price.nodes));
  return lines;
}

function errorWords({ pastError: { sameSettings, otherSettings }, fromOtherSettings }: PlanPrice): string | undefined {
  const parts = [
    sameSettings && `${percent(sameSettings)} by equal settings`,
    fromOtherSettings > 0 && otherSettings && `${percent(otherSettings)} by other settings`,
  ].filter(Boolean);
  return parts.length > 0 ? `Estimates of what has run were off by ${parts.join(', ')}.` : undefined;
}

function percent({ median, results }: PastError): string {
  return `${Math.round(100 * median)} % (median of ${results})`;
}

function onDisk(bytes: number, known: number, unknown: number): string {
  if (known === 0) return 'disk not known';
  return `${formatSize(Math.round(bytes))} on disk${unknown > 0 ? `, not known of ${count(unknown, 'node')}` : ''}`;
}

export function spread({ median, low, high }: Spread): string {
  const [middle, least, most] = [duration(median), duration(low), duration(high)];
  return least === most ? middle : `${middle} (${least} to ${most})`;
}
