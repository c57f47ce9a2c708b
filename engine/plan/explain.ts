/**
 * Why a node must be computed: the shortest list of differences from its nearest earlier result. Pure: compares key
 * manifests; what the store holds is handed in. `plan`, `explain` and their JSON all speak from here.
 */
import type { Json } from '../../base/json.ts';
import { type Change, changesBetween } from './explain-changes.ts';
import { type Candidate, nearestAmong } from './explain-nearest.ts';
import type { KeyManifest, Plan, PlanNode } from './plan.ts';

export type { Change } from './explain-changes.ts';

/** Earlier results, finished and whole or not. */
export interface EarlierResults {
  manifestOf(key: string): KeyManifest | undefined;
  ofStage(stage: string): readonly Candidate[];
}

export type Explanation =
  /** No result of this stage kind is known. */
  | { readonly why: 'first'; readonly stage: string }
  /** Its own record stands, but not all of its files do. */
  | { readonly why: 'damaged' }
  | { readonly why: 'differs'; readonly nearest: string; readonly changes: readonly Change[] };

/** For the nodes of one plan that have no result. */
export function explainer(plan: Plan, earlier: EarlierResults): (node: PlanNode) => Explanation {
  const planned = new Map(plan.nodes.map((node) => [node.key, node.manifest]));
  const manifestOf = (key: string) => planned.get(key) ?? earlier.manifestOf(key);
  const nearestOf = new Map<string, (manifest: KeyManifest) => Candidate[]>();
  return ({ key, manifest }) => {
    if (earlier.manifestOf(key)) return { why: 'damaged' };
    const { stage } = manifest;
    const sort = `${stage}${manifest.merge ? ' merge' : ''}`;
    const nearest = nearestOf.get(sort) ?? nearestAmong(ofSort(manifest, earlier.ofStage(stage)), manifestOf);
    nearestOf.set(sort, nearest);
    const [first, ...others] = nearest(manifest).map((candidate) => ({
      key: candidate.key,
      changes: changesBetween(candidate, { key, manifest }, manifestOf),
    }));
    if (!first) return { why: 'first', stage };
    const best = others.reduce((least, next) => (isNearer(next.changes, least.changes) ? next : least), first);
    return { why: 'differs', nearest: best.key, changes: best.changes };
  };
}

/** What joins shards is compared with its like, where there is any. */
function ofSort({ merge }: KeyManifest, results: readonly Candidate[]): readonly Candidate[] {
  const alike = results.filter(({ manifest }) => manifest.merge === merge);
  return alike.length > 0 ? alike : results;
}

function isNearer(ours: readonly Change[], theirs: readonly Change[]): boolean {
  if (ours.length !== theirs.length) return ours.length < theirs.length;
  return size(ours) < size(theirs);
}

/** Of 0.25 and 0.2 the second is nearer to 0.1. */
function size(changes: readonly Change[]): number {
  return changes.reduce((sum, { from, to }) => sum + step(from, to), 0);
}

function step(from: Json | undefined, to: Json | undefined): number {
  if (typeof from !== 'number' || typeof to !== 'number') return 1;
  return Math.abs(to - from) / (Math.abs(to) + Math.abs(from));
}
