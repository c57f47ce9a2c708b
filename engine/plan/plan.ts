/**
 * Resolved experiment → DAG of nodes with cache keys. Pure: no disk, no clock.
 */
import type { JsonObject } from '../../base/json.ts';
import type { Seed } from '../../stages/stage.ts';

/** Everything that decides a result, and nothing else; its canonical JSON is hashed to the key. See `key.ts`. */
export interface KeyManifest {
  readonly v: 1;
  readonly stage: string;
  readonly version: number;
  /** Only values that differ from their default. */
  readonly params: JsonObject;
  readonly seed?: Seed;
  /** Role → key of the upstream node; `data` → name and digest of the data set. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly numerics: Readonly<Record<string, string | number>>;
}

export interface PlanNode {
  /** Unique in the plan and readable, e.g. `distil[method=dm,set=2]`. */
  readonly id: string;
  readonly key: string;
  readonly manifest: KeyManifest;
  /** All parameters, defaults filled in: what the child is given. */
  readonly params: JsonObject;
  readonly threads: number;
  readonly outputs: readonly string[];
  /** Role → id of the upstream node. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Every place in the grid that this node serves (one node, many cells). */
  readonly uses: readonly NodeUse[];
}

export interface NodeUse {
  readonly cell: string;
  readonly stage: string;
  /** Counted from 1. */
  readonly set?: number;
  /** Counted from 1, within a set. */
  readonly evaluation?: number;
}

export interface Plan {
  readonly schema: 'retort-plan/1';
  readonly experiment: { readonly name: string; readonly file: string };
  readonly data: { readonly set: string; readonly digest: string; readonly description: string };
  readonly backend: string;
  readonly numerics: Readonly<Record<string, string | number>>;
  readonly replicates: { readonly sets: number; readonly evaluations: number };
  readonly axes: Readonly<Record<string, readonly string[]>>;
  readonly baseline?: Readonly<Record<string, string>>;
  readonly metric?: string;
  readonly cells: readonly { readonly id: string; readonly axes: Readonly<Record<string, string>> }[];
  /** In topological order. */
  readonly nodes: readonly PlanNode[];
}
