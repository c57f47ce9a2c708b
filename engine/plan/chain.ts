/**
 * Chains: nodes that are one computation, longer or shorter. Where a stage's steps do not depend on their number, all
 * nodes that differ in nothing but that number are one chain, and a snapshot after k steps is the very node of k steps.
 * Where they do, a chain is a stage with its snapshots.
 */
import { canonicalJson } from '../../base/canonical-json.ts';
import { sha256 } from '../../base/digest.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import type { StageKind } from '../../stages/stage.ts';
import type { Chain, KeyManifest, PlanNode } from './plan.ts';

/** The number of steps of a stage that can give a result before its end; undefined for others. */
export function stepsOf(kind: StageKind, params: JsonObject, shard?: JsonObject): number | undefined {
  const named = kind.prefixExtending === undefined ? undefined : params[kind.prefixExtending];
  // Where it is not written, and its default hangs on other parameters, the kind says it.
  return typeof named === 'number' ? named : kind.steps?.(params, shard);
}

/** What is computed for a snapshot: the parameters of a shorter stage, where there is such a thing. */
export function paramsAt(kind: StageKind, params: JsonObject, at: number | undefined): JsonObject {
  return at === undefined || kind.prefixExtending === undefined ? params : { ...params, [kind.prefixExtending]: at };
}

/** `manifest` is that of the stage's end, or of a snapshot where that is a stage of its own; `params` are all of them. */
export function chainOf(
  kind: StageKind,
  manifest: KeyManifest,
  params: JsonObject,
  at: number | undefined,
): Chain | undefined {
  const steps = manifest.merge ? undefined : stepsOf(kind, params, manifest.shard);
  if (steps === undefined) return undefined;
  const { [kind.prefixExtending ?? '']: _, ...rest } = manifest.params;
  const { at: __, ...whole } = manifest;
  // The name of the parameter keeps it from being the key of the node whose number of steps is the default.
  const id = sha256(canonicalJson({ ...whole, params: rest, extends: kind.prefixExtending ?? '' } as unknown as Json));
  return kind.prefixExtending !== undefined || at === undefined ? { id, at: steps } : { id, at, cut: true };
}

/** Nodes by chain, the shortest first: the last of each makes the others on its way. A node of no chain is alone. */
export function byChain<T>(items: readonly T[], nodeOf: (item: T) => PlanNode): T[][] {
  const chains = new Map<string, T[]>();
  for (const item of items) {
    const { id, chain } = nodeOf(item);
    const name = chain ? chain.id : `alone ${id}`;
    const members = chains.get(name);
    if (members) members.push(item);
    else chains.set(name, [item]);
  }
  const steps = (item: T) => nodeOf(item).chain?.at ?? 0;
  return [...chains.values()].map((members) => members.sort((a, b) => steps(a) - steps(b)));
}

/** Fractions mean the nearest step: 0.1 of 30 is 3, whatever doubles make of it. */
export function stepAt(at: number, steps: number): number {
  return at < 1 ? Math.round(at * steps) : at;
}

/** Seconds of several nodes together: those of one chain are one piece of work, as long as the longest of them. */
export function secondsTogether(
  nodes: readonly { readonly id: string; readonly chain?: string; readonly seconds: number }[],
): number {
  const works = new Map<string, number>();
  for (const { id, chain, seconds } of nodes) {
    const work = chain ?? `alone ${id}`;
    works.set(work, Math.max(seconds, works.get(work) ?? 0));
  }
  return [...works.values()].reduce((sum, seconds) => sum + seconds, 0);
}
