/**
 * Where an attempt runs. An executor knows places (processes of this machine, jobs of a cluster); it knows nothing of
 * hits, retries or what a stage does. The reference implementation is `local/`.
 *
 * All that an attempt needs is in its `AttemptRequest`, which is plain JSON: an executor of a cluster writes it beside the
 * log and submits a job that reads it, and finds the jobs of an earlier driver again by the names of these files. Whatever
 * the place, the attempt takes the node's lease itself, so two executors on one store never compute a node at once.
 */
import type { Failure } from '../../base/result.ts';
import type { DataLocation } from '../../stages/stage.ts';
import type { Metrics } from '../events.ts';
import type { PlanNode } from '../plan/plan.ts';

export interface Executor {
  /** Runs as soon as it is called; how many run side by side is the caller's choice. */
  start(request: AttemptRequest, onMessage: (message: AttemptMessage) => void): Attempt;
  /** Ends whatever is idle; attempts that still run are stopped as by `kill`. */
  close(): Promise<void>;
}

export interface Attempt {
  /** Never rejects. */
  readonly end: Promise<AttemptEnd>;
  /** Finish the step, write a checkpoint, end. */
  stop(): void;
  /** End at once; the newest checkpoint is what remains. */
  kill(): void;
}

export interface AttemptRequest {
  readonly run: string;
  /** The folder of the store. */
  readonly store: string;
  readonly node: PlanNode;
  readonly attempt: number;
  readonly data: DataLocation;
  /** Where the experiment lies, for files that it names. */
  readonly folder?: string;
  readonly backend: string;
  /** Everything that the attempt prints, and what the engine says of it. */
  readonly log: string;
  readonly checkpoints: CheckpointCadence;
  /** How long it may take over its last step when it is asked to stop; absent where nobody ends it then. */
  readonly graceSeconds?: number;
  /** Bytes: the attempt is ended when it takes more. */
  readonly memory?: number;
  /** The GPUs that it may see, as CUDA_VISIBLE_DEVICES names them; whatever the driver sees where absent. */
  readonly gpus?: readonly string[];
  /** Shorter nodes of the node's chain, to be made on the way. */
  readonly snapshots?: readonly PlanNode[];
  /** Modules that export further `stageKinds`; their kinds come before the product's own. */
  readonly stageModules: readonly string[];
  /** A step whose numbers are none is done again, to name the operation that made them. */
  readonly debugNan?: boolean;
}

/** Never influences a result, only how much is lost. */
export interface CheckpointCadence {
  readonly everySeconds: number;
  /** In addition, after every so many steps. */
  readonly everySteps?: number;
}

/** What an attempt tells while it runs. */
export type AttemptMessage =
  | { readonly type: 'started'; readonly fromStep: number; readonly steps: number }
  | { readonly type: 'progress'; readonly step: number; readonly steps: number; readonly figures: Metrics }
  | { readonly type: 'checkpoint'; readonly step: number }
  | { readonly type: 'warning'; readonly message: string }
  /** A step that cannot be given up took longer than the grace; told once. */
  | { readonly type: 'slow-step'; readonly seconds: number }
  /** One of the request's snapshots is in the store; `computed` is false where somebody else had made it. */
  | { readonly type: 'snapshot'; readonly node: string; readonly step: number; readonly computed: boolean }
  /** After `step` steps; told with progress and checkpoints and before the end, so that a killed attempt has it too. */
  | ({ readonly type: 'usage'; readonly step: number } & Usage);

/** What an attempt has taken since it began, with its opening. */
export interface Usage {
  readonly wallSeconds: number;
  /** Of all its threads. */
  readonly cpuSeconds: number;
  /** Bytes. */
  readonly peakMemory: number;
  /** Bytes that it, and programs that it has run, have read and written; absent where the system does not count them. */
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
}

export type AttemptEnd =
  /** The key is in the store; `computed` is false where somebody else had written it before this attempt began. */
  | { readonly type: 'done'; readonly computed: boolean }
  /** Stopped when asked, with a checkpoint. */
  | { readonly type: 'stopped' }
  /** Another process holds the node's lease. */
  | { readonly type: 'held'; readonly owner: string }
  /** The stage failed; it would fail again. */
  | { readonly type: 'failed'; readonly failure: Failure }
  /** The place failed, not the stage: a killed process, a lost lease. Another attempt may do better. */
  | { readonly type: 'lost'; readonly failure: Failure; readonly outOfMemory?: boolean };
