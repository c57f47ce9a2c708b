/**
 * What the attempts at a node may take. It steers the scheduler and is in no key, so it is no part of a plan either: a run
 * that is continued with more memory is the same run. A node that several cells use with different limits gets the widest.
 */
import type { ResolvedExperiment, ResolvedStage } from './experiment.ts';
import type { Plan, PlanNode } from './plan.ts';

export interface NodeLimits {
  readonly threads: number;
  /** Bytes. */
  readonly memory?: number;
  readonly disk?: number;
  /** Undefined: whatever the driver itself sees. */
  readonly gpus?: number;
  readonly retries: number;
  /** Seconds of one attempt. */
  readonly timeLimit?: number;
}

export type LimitsOf = (node: PlanNode) => NodeLimits;

export function limitsOf(plan: Plan, experiment: ResolvedExperiment): LimitsOf {
  const stages = new Map<string, ResolvedStage>();
  for (const cell of experiment.cells) for (const stage of cell.stages) stages.set(`${cell.id} ${stage.name}`, stage);
  const limits = new Map(
    plan.nodes.map((node) => {
      const using = node.uses.flatMap(({ cell, stage }) => stages.get(`${cell} ${stage}`) ?? []);
      return [node.key, widest(node, using)];
    }),
  );
  return (node) => limits.get(node.key) ?? { threads: node.threads, retries: 0 };
}

function widest({ threads: own, manifest }: PlanNode, stages: readonly ResolvedStage[]): NodeLimits {
  const largest = (of: (stage: ResolvedStage) => number | undefined): number | undefined =>
    stages.reduce<number | undefined>((most, stage) => {
      const value = of(stage);
      return value === undefined || (most !== undefined && most >= value) ? most : value;
    }, undefined);
  const memory = largest(({ resources }) => resources.memory);
  const disk = largest(({ resources }) => resources.disk);
  const gpus = largest(({ resources }) => resources.gpus);
  // What joins shards computes nothing: none of the stage's resources are for it.
  if (manifest.merge) return { threads: 1, retries: largest(({ retries }) => retries) ?? 0 };
  const threads = own;
  // One use without a limit has none.
  const timeLimit = stages.some((stage) => stage.timeLimit === undefined) ? undefined : largest((s) => s.timeLimit);
  return {
    threads,
    ...(memory !== undefined && { memory }),
    ...(disk !== undefined && { disk }),
    ...(gpus !== undefined && { gpus }),
    retries: largest(({ retries }) => retries) ?? 0,
    ...(timeLimit !== undefined && { timeLimit }),
  };
}
