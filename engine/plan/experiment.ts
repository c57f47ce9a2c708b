/**
 * A resolved experiment: what `config` hands to `plan`. Everything is decided: defaults filled in, matrix expanded,
 * every value with its origin. Data only.
 */
import type { Json, JsonObject } from '../../base/json.ts';
import type { PruneRule } from './prune-rule.ts';

/** Where a value came from; `plan` and `show` print it. */
export type Origin =
  | { readonly from: 'default' }
  | { readonly from: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly from: 'override'; readonly text: string };

export interface ResolvedStage {
  /** The stage's name in the experiment, e.g. `distil`. */
  readonly name: string;
  readonly kind: string;
  /** All parameters, defaults filled in. */
  readonly params: JsonObject;
  /** By role: the name of the stage whose output it is. */
  readonly inputs: Readonly<Record<string, string>>;
  /** By parameter path joined with dots. */
  readonly origins: Readonly<Record<string, Origin>>;
  /** `threads` is part of the key (it can move a bit); the others only steer the scheduler. Bytes. */
  readonly resources: {
    readonly threads: number;
    readonly memory?: number;
    readonly gpus?: number;
    readonly disk?: number;
  };
  /** How often a failed stage is tried again; 0 when absent. */
  readonly retries?: number;
  /** Seconds that one attempt may take. */
  readonly timeLimit?: number;
  /** Steps, below the stage's own number and rising, after which its result is taken on the way. */
  readonly snapshots?: readonly number[];
  /** Matrix axes that the stage names itself, by `$axis` or `use`; all of the cell's axes when absent. */
  readonly axes?: readonly string[];
}

/** One point of the matrix. */
export interface Cell {
  /** Short hash of the varying parameters. */
  readonly id: string;
  /** Axis → label, e.g. `{ method: 'dm', imagesPerClass: '10' }`; empty without a matrix. */
  readonly axes: Readonly<Record<string, string>>;
  /** In topological order as far as inputs go. */
  readonly stages: readonly ResolvedStage[];
}

export interface ResolvedExperiment {
  readonly file: string;
  readonly name: string;
  readonly seed: number;
  /** The name of the set, or of the part of it that is used (`data/selection.ts`). */
  readonly data: { readonly set: string };
  readonly backend: string;
  /** How much of the numerics stands in keys; all of it when absent. */
  readonly numerics?: 'backend';
  readonly replicates: { readonly sets: number; readonly evaluations: number };
  /** Axis → labels in the order of the file. */
  readonly axes: Readonly<Record<string, readonly string[]>>;
  readonly cells: readonly Cell[];
  /** `compare.baseline`: axis label that the others are compared with, e.g. `{ method: 'random' }`. */
  readonly baseline?: Readonly<Record<string, string>>;
  /** `compare.metric`: the figure that tables show; the stages' own first metric when absent. */
  readonly metric?: string;
  /** `compare.select`: which snapshot tables show; the stage's end when absent. */
  readonly select?: 'best';
  readonly prune?: PruneRule;
  readonly notes?: string;
  readonly tags?: readonly string[];
  /** `key=value` of the command line, as typed, in their order. */
  readonly overrides?: readonly string[];
  /** The experiment after `extends` and overrides as plain JSON, for the frozen record. */
  readonly source: Json;
}
