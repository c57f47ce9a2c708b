/**
 * Resolved experiment → DAG of nodes with cache keys. Pure: no disk, no clock.
 */
import type { JsonObject } from '../../base/json.ts';
import type { Seed } from '../../stages/stage.ts';
import type { PruneRule } from './prune-rule.ts';

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
  /** Of a snapshot: the steps after which it was taken, where they are not a parameter. */
  readonly at?: number;
  /** Of a shard: what it covers. */
  readonly shard?: JsonObject;
  /** Joins the shards that are its inputs. */
  readonly merge?: true;
  /** Of what is made again because other code had made it: the digest of the code. See `present-code.ts`. */
  readonly code?: string;
}

/**
 * Nodes of one chain are the same computation, some longer, some shorter: whoever computes one makes the shorter ones on
 * the way, and goes on from where another has ended. See `chain.ts`.
 */
export interface Chain {
  readonly id: string;
  /** Steps after which the node's result is taken. */
  readonly at: number;
  /** Its stage has more steps: the result is a snapshot. */
  readonly cut?: boolean;
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
  readonly chain?: Chain;
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
  /** Steps of the snapshot that stands here, or is read here; absent for the stage's end. */
  readonly at?: number;
  /** A shard of what stands here; `index` from 1. */
  readonly shard?: { readonly index: number; readonly of: number };
}

export interface Plan {
  readonly schema: 'retort-plan/1';
  readonly experiment: { readonly name: string; readonly file: string };
  readonly data: { readonly set: string; readonly digest: string; readonly description: string };
  readonly backend: string;
  readonly numerics: Readonly<Record<string, string | number>>;
  /** Keys leave the machine out; see `numerics.ts`. */
  readonly numericsMode?: 'backend';
  readonly replicates: { readonly sets: number; readonly evaluations: number };
  readonly axes: Readonly<Record<string, readonly string[]>>;
  readonly baseline?: Readonly<Record<string, string>>;
  readonly metric?: string;
  /** Which snapshot tables show; the stage's end when absent. */
  readonly select?: 'best';
  readonly prune?: PruneRule;
  /** Results of other code are made again; see `present-code.ts`. */
  readonly rerunOn?: 'code';
  readonly cells: readonly { readonly id: string; readonly axes: Readonly<Record<string, string>> }[];
  /** In topological order. */
  readonly nodes: readonly PlanNode[];
}
