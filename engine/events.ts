/**
 * Everything that happens in a run, as data. The engine only emits these; every look (ink, plain, NDJSON, HTML) is a
 * reporter over them. `at` is ISO-8601 UTC, durations are seconds.
 */
import type { Failure } from '../base/result.ts';
import type { PlanDifference } from './plan/difference.ts';
import type { Plan } from './plan/plan.ts';

export type NodeState = 'waiting' | 'hit' | 'joined' | 'running' | 'done' | 'failed' | 'skipped' | 'cancelled';

/**
 * `stopped`: at somebody's wish, with a checkpoint; `held`: never begun, another process had the node; `failed`: the stage
 * did; `lost`: its place did (a killed process, a lost lease); `cancelled`: ended while the run was being stopped.
 */
export type AttemptEndKind = 'done' | 'stopped' | 'held' | 'failed' | 'lost' | 'cancelled';

export type SkipReason =
  | 'upstream-failed'
  | 'cancelled'
  | 'pruned'
  | 'fail-fast'
  | 'store-failed'
  | 'not-needed'
  | 'not-selected';

export type RunEvent = { readonly at: string } & (
  | {
      readonly type: 'run-started';
      readonly run: string;
      readonly folder: string;
      readonly plan: Plan;
      readonly continues: boolean;
      /** What the plan differs in from that of the newest earlier run of the experiment; absent where in nothing. */
      readonly since?: PlanDifference;
    }
  /** Already in the store: nothing to do. */
  | { readonly type: 'node-hit'; readonly node: string; readonly metrics: Metrics; readonly seconds: number }
  /** Another key has equal content upstream: its result, made in so many seconds, is taken over, and nothing is computed. */
  | {
      readonly type: 'node-cut-off';
      readonly node: string;
      /** The key under which it was computed. */
      readonly from: string;
      readonly metrics: Metrics;
      readonly seconds: number;
    }
  /** Another driver is working on the same key; its result is awaited. */
  | { readonly type: 'node-joined'; readonly node: string; readonly owner: string }
  | {
      readonly type: 'node-started';
      readonly node: string;
      readonly attempt: number;
      readonly fromStep: number;
      readonly steps: number;
      readonly log: string;
    }
  | {
      readonly type: 'node-progress';
      readonly node: string;
      readonly step: number;
      readonly steps: number;
      readonly figures: Metrics;
    }
  | { readonly type: 'node-checkpoint'; readonly node: string; readonly step: number }
  | {
      readonly type: 'node-done';
      readonly node: string;
      readonly metrics: Metrics;
      readonly seconds: number;
      readonly artifacts: Readonly<Record<string, string>>;
      /** Made on the way by an attempt at this node, which goes further in the same chain. */
      readonly by?: string;
    }
  | {
      readonly type: 'node-failed';
      readonly node: string;
      readonly failure: Failure;
      readonly log: string;
      readonly willRetry: boolean;
    }
  /** What an attempt took and where it stopped, however it ended; `savedStep` is where the next one goes on from. */
  | {
      readonly type: 'attempt-ended';
      readonly node: string;
      readonly attempt: number;
      readonly end: AttemptEndKind;
      /** Seconds since the attempt began; CPU seconds of all threads of its process. */
      readonly wallSeconds: number;
      readonly cpuSeconds: number;
      /** Bytes. */
      readonly peakMemory: number;
      /** Seconds from the moment when all it reads was there until there was room for it. Absent in runs of earlier versions. */
      readonly waitedSeconds?: number;
      /** GPUs held, and what computed: the processor's class or that of the graphics device. */
      readonly gpus?: number;
      readonly device?: string;
      /** Bytes that went in and out of its process, from and to files above all; where the system counts them. */
      readonly bytesRead?: number;
      readonly bytesWritten?: number;
      readonly fromStep: number;
      readonly toStep: number;
      readonly savedStep: number;
      /** The code of the failure, if one ended it. */
      readonly failure?: string;
    }
  /** Not run, with the reason: an upstream node failed, the run was cancelled … */
  | {
      readonly type: 'node-skipped';
      readonly node: string;
      readonly reason: SkipReason;
    }
  /** A cell was judged at a snapshot; `node` is the evaluation whose arrival led to it. Steps of the stage that took it. */
  | {
      readonly type: 'prune-decision';
      readonly node: string;
      readonly cell: string;
      readonly axes: Readonly<Record<string, string>>;
      readonly stage: string;
      readonly step: number;
      readonly rule: string;
      readonly metric: string;
      readonly verdict: 'prune' | 'keep';
      /** Mean of the cell's figures there, and what it had to reach. */
      readonly value: number;
      readonly threshold: number;
      /** Who was compared, in the order of arrival. */
      readonly cohort: readonly {
        readonly cell: string;
        readonly axes: Readonly<Record<string, string>>;
        readonly value: number;
        readonly replicates: number;
      }[];
    }
  | { readonly type: 'warning'; readonly message: string; readonly node?: string }
  /** First Ctrl-C: steps are finished and checkpoints written. */
  | { readonly type: 'interrupt'; readonly message: string }
  | {
      readonly type: 'run-finished';
      readonly outcome: 'done' | 'failed' | 'interrupted';
      readonly executed: number;
      readonly hits: number;
      readonly seconds: number;
    }
);

export type Metrics = Readonly<Record<string, number>>;

/** Fed with every event in order; must never throw, and never influences the run. */
export interface Reporter {
  onEvent(event: RunEvent): void;
  /** Restores the terminal; called once, on every exit path. */
  close(): void | Promise<void>;
}

export function unreachable(value: never): never {
  throw new Error(`Internal error: expected no other case, got ${JSON.stringify(value)}`);
}
