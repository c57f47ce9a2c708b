/** Plans of trivial stages: chains written as a map of stage name → parameters and the stage it reads. */
import type { JsonObject } from '../../base/json.ts';
import { unwrap } from '../../base/result.ts';
import { buildPlan } from '../../engine/plan/build.ts';
import { withDefaults } from '../../engine/plan/defaults.ts';
import type { ResolvedExperiment, ResolvedStage } from '../../engine/plan/experiment.ts';
import type { Plan } from '../../engine/plan/plan.ts';
import type { PruneRule } from '../../engine/plan/prune-rule.ts';
import { backendNumerics } from '../../tensor/backends/open.ts';
import { count, spread, stageKinds } from './trivial-stages.ts';

export interface TrivialStage {
  /** `count` unless given. */
  readonly kind?: 'count' | 'grow' | 'total' | 'score' | 'spread' | 'gather';
  /** Of a `spread`. */
  readonly items?: number;
  readonly per?: number;
  readonly flakyItem?: number;
  readonly common?: number;
  /** Steps after which there is a snapshot. */
  readonly snapshots?: readonly number[];
  readonly from?: string;
  readonly steps?: number;
  readonly work?: number;
  readonly salt?: number;
  readonly failAt?: number;
  readonly crashAt?: number;
  readonly dieAt?: number;
  readonly talkative?: number;
  readonly mark?: number;
  readonly hold?: number;
  readonly gateAt?: number;
  readonly gate?: string;
  readonly flaky?: string;
  readonly resources?: Partial<ResolvedStage['resources']>;
  readonly retries?: number;
  readonly timeLimit?: number;
}

/** One cell for each map of stages. */
export type TrivialCells = readonly Readonly<Record<string, TrivialStage>>[];

export interface TrivialExperiment {
  readonly cells: TrivialCells;
  readonly sets?: number;
  readonly prune?: PruneRule;
  readonly baseline?: Readonly<Record<string, string>>;
}

export function trivialPlan({ cells, sets = 1, prune, baseline }: TrivialExperiment): {
  plan: Plan;
  experiment: ResolvedExperiment;
} {
  const experiment: ResolvedExperiment = {
    file: 'trivial.yaml',
    name: 'trivial',
    seed: 0,
    data: { set: 'none' },
    backend: 'reference',
    replicates: { sets, evaluations: 1 },
    axes: { cell: cells.map((_, index) => String(index)) },
    cells: cells.map((stages, index) => ({
      id: String(index),
      axes: { cell: String(index) },
      stages: Object.entries(stages).map(([name, stage]) => resolved(name, stage)),
    })),
    ...(prune && { prune }),
    ...(baseline && { baseline }),
    source: {},
  };
  const plan = buildPlan(experiment, {
    stageKinds,
    dataDigest: 'none',
    dataDescription: 'no data',
    numerics: unwrap(backendNumerics('reference')),
  });
  return { plan, experiment };
}

function resolved(name: string, stage: TrivialStage): ResolvedStage {
  const { kind = 'count', snapshots, from, resources, retries, timeLimit, ...params } = stage;
  return {
    name,
    kind,
    ...(snapshots && { snapshots }),
    params: withDefaults(params as JsonObject, (kind === 'spread' ? spread : count).parameters),
    inputs: from === undefined ? {} : { from },
    origins: {},
    resources: { threads: 1, ...resources },
    ...(retries !== undefined && { retries }),
    ...(timeLimit !== undefined && { timeLimit }),
  };
}
