/**
 * The setting in which a row of ours was measured: the evaluation and all stages above it, by kind. Stages of one kind
 * stand for one, and the experts of a chain of buffers are counted together.
 */
import type { JsonObject } from '../../../base/json.ts';
import type { Plan, PlanNode } from '../../plan/plan.ts';
import type { TableRow } from '../table.ts';

export interface OurSetting {
  readonly method: string | undefined;
  readonly data: Plan['data'];
  readonly imagesPerClass: number | undefined;
  readonly select: 'last' | 'best';
  /** The networks of all stages `squeeze`. */
  readonly backbones: readonly JsonObject[];
  readonly stages: Readonly<Record<string, OurStage>>;
}

export interface OurStage {
  /** All parameters, and those that differ from their defaults. */
  readonly params: JsonObject;
  readonly written: JsonObject;
}

/** Undefined where the row is of nothing that papers publish. */
export function settingOf(plan: Plan, row: TableRow): OurSetting | undefined {
  const nodes = new Map(plan.nodes.map((node) => [node.id, node]));
  const evaluation = plan.nodes.find(({ uses }) =>
    uses.some(({ cell, stage, at }) => cell === row.cell && stage === row.stage && at === undefined),
  );
  if (!evaluation) return undefined;
  const above = new Set<PlanNode>([evaluation]);
  for (const { inputs } of above)
    for (const id of Object.values(inputs)) {
      const upstream = nodes.get(id);
      if (upstream) above.add(upstream);
    }
  const stages: Record<string, OurStage> = {};
  for (const { manifest, params } of above) {
    const known = stages[manifest.stage];
    if (!known) stages[manifest.stage] = { params, written: manifest.params };
    else if (manifest.stage === 'buffer') stages.buffer = withMoreExperts(known, params);
    else if (manifest.stage === 'recover') stages.recover = withShards(known, manifest.shard);
  }
  const { match, recover, select } = stages;
  const maker = match ?? recover ?? select;
  return {
    method: methodName(stages),
    data: plan.data,
    imagesPerClass: (recover ?? select ?? maker)?.params.imagesPerClass as number | undefined,
    select: plan.select ?? 'last',
    backbones: [...above].flatMap(({ manifest, params: { network } }) =>
      manifest.stage === 'squeeze' && network ? [network as JsonObject] : [],
    ),
    stages,
  };
}

function methodName({ match, recover, select, pretrain }: Readonly<Record<string, OurStage>>): string | undefined {
  if (match) return match.params.method as string;
  // A network trained on the real images, of which no set is made: the upper bound.
  if (!recover && !select && pretrain) return 'full';
  if (!recover) return select?.params.method as string | undefined;
  const { method, curriculum } = recover.params;
  if (typeof method === 'string' && method !== 'sre2l') return method;
  return curriculum === undefined || curriculum === 'none' ? 'sre2l' : 'cda';
}

function withMoreExperts({ params, written }: OurStage, { experts }: JsonObject): OurStage {
  const sum = { experts: (params.experts as number) + (experts as number) };
  return { params: { ...params, ...sum }, written: { ...written, ...sum } };
}

/** Shards are no part of a stage's key, but batches lie within them. */
function withShards({ params, written }: OurStage, shard: JsonObject | undefined): OurStage {
  const [first = 0, end = 0] = (shard?.classes ?? []) as number[];
  return {
    params: { ...params, classesPerShard: Math.max(end - first, (params.classesPerShard as number) ?? 0) },
    written,
  };
}
