/**
 * Resolved experiment → plan: one node for each key, however many places of the grid use it. Pure.
 *
 * A stage stands once in a cell for each of its replicates: those on which it draws random numbers itself and those of
 * whatever stands upstream. A stage with snapshots stands once more for each of them, and so does a stage that makes
 * metrics of it: its figures at every snapshot are the curve. Cells come in the order of the grid, stages in topological order, then sets, then
 * evaluations; a node stands where it is first needed, so every node comes after its inputs.
 *
 * A stage in shards is a node for each of them, and after these the one that joins them, which stands for the stage.
 */
import type { JsonObject } from '../../base/json.ts';
import { outputsOf } from '../../stages/outputs.ts';
import type { ReplicateAxis, ShardedData, StageKind } from '../../stages/stage.ts';
import { chainOf, paramsAt } from './chain.ts';
import type { Cell, ResolvedExperiment, ResolvedStage } from './experiment.ts';
import { cacheKey, keyManifest, without } from './key.ts';
import { nodeIds } from './node-ids.ts';
import { keptNumerics } from './numerics.ts';
import type { KeyManifest, NodeUse, Plan, PlanNode } from './plan.ts';

export interface PlanOptions {
  readonly stageKinds: readonly StageKind[];
  /** Digest of the data set's files, and what tables say about them. */
  readonly dataDigest: string;
  readonly dataDescription: string;
  /** What is known of the set; stages that are split by its classes or images are planned whole where it is absent. */
  readonly data?: ShardedData;
  /** Backend, versions and processor class, as `backendNumerics` gives them; threads are added for each node. */
  readonly numerics: Readonly<Record<string, string | number>>;
}

/** A node while its uses are still being gathered; inputs by key, since names come last. */
interface Draft extends Omit<PlanNode, 'id' | 'uses'> {
  readonly uses: NodeUse[];
  readonly axes: readonly string[];
}

interface Placed {
  readonly stage: ResolvedStage;
  readonly kind: StageKind;
  readonly replicates: readonly ReplicateAxis[];
  readonly axes: readonly string[];
  /** Its own, or those of what it evaluates; rising. */
  readonly snapshots: readonly number[];
  /** None where it is one node. */
  readonly shards: readonly JsonObject[];
  /** Key by `set/evaluation@snapshot`. */
  readonly keys: Map<string, string>;
}

export function buildPlan(experiment: ResolvedExperiment, options: PlanOptions): Plan {
  const drafts = new Map<string, Draft>();
  for (const cell of experiment.cells) placeCell(cell, experiment, options, drafts);
  const nodes = [...drafts.values()];
  const labels = new Map(experiment.cells.map((cell) => [cell.id, cell.axes]));
  const ids = nodeIds(nodes, (cell) => labels.get(cell) ?? {});
  const idOf = new Map(nodes.map((node, index) => [node.key, ids[index] as string]));
  return {
    schema: 'retort-plan/1',
    experiment: { name: experiment.name, file: experiment.file },
    data: { set: experiment.data.set, digest: options.dataDigest, description: options.dataDescription },
    backend: experiment.backend,
    numerics: keptNumerics(options.numerics, experiment.numerics),
    ...(experiment.numerics && { numericsMode: experiment.numerics }),
    replicates: experiment.replicates,
    axes: experiment.axes,
    ...(experiment.baseline && { baseline: experiment.baseline }),
    ...(experiment.metric !== undefined && { metric: experiment.metric }),
    ...(experiment.select && { select: experiment.select }),
    ...(experiment.prune && { prune: experiment.prune }),
    cells: experiment.cells.map(({ id, axes }) => ({ id, axes })),
    nodes: nodes.map(({ axes: _, ...node }) => ({
      id: idOf.get(node.key) as string,
      ...node,
      inputs: Object.fromEntries(Object.entries(node.inputs).map(([role, key]) => [role, idOf.get(key) as string])),
    })),
  };
}

function placeCell(cell: Cell, experiment: ResolvedExperiment, options: PlanOptions, drafts: Map<string, Draft>): void {
  const placed = new Map<string, Placed>();
  for (const stage of upstreamFirst(cell.stages)) {
    const here = placeStage(stage, cell, options, placed);
    for (const replicate of replicatesOf(here.replicates, experiment.replicates))
      for (const at of [...here.snapshots, undefined])
        placeNode(here, { ...replicate, ...(at !== undefined && { at }) }, cell, placed, experiment, options, drafts);
  }
}

/** One place of the grid: `where` says at which replicate, and at which snapshot, its own or an input's. */
function placeNode(
  here: Placed,
  where: Where,
  cell: Cell,
  placed: ReadonlyMap<string, Placed>,
  experiment: ResolvedExperiment,
  { dataDigest, numerics }: PlanOptions,
  drafts: Map<string, Draft>,
): void {
  const { stage, kind } = here;
  const inputs = Object.fromEntries(
    Object.entries(stage.inputs).map(([role, name]) => [role, keyAt(placed.get(name) as Placed, where)]),
  );
  const { threads } = stage.resources;
  const own = stage.snapshots ? where.at : undefined;
  const params = without(paramsAt(kind, stage.params, own), kind.splitting ?? []);
  const seed = { base: experiment.seed, ...where };
  const dataSet = experiment.data.set;
  const whole = keyManifest({
    ...{ stage: kind, params, seed, inputs, dataSet, dataDigest, numerics, threads },
    mode: experiment.numerics,
  });
  const manifest = own !== undefined && kind.prefixExtending === undefined ? { ...whole, at: own } : whole;
  const use: NodeUse = { cell: cell.id, stage: stage.name, ...where };
  const place = (made: KeyManifest, params: JsonObject, read: Draft['inputs'], used: NodeUse): string => {
    const key = cacheKey(made);
    const draft = drafts.get(key);
    if (draft) {
      draft.uses.push(used);
      return key;
    }
    const chain = chainOf(kind, made, params, own);
    drafts.set(key, {
      ...{ key, manifest: made, params, threads, outputs: Object.keys(outputsOf(kind, params)) },
      ...(chain && { chain }),
      ...{ inputs: read, uses: [used], axes: here.axes },
    });
    return key;
  };
  const { covered = [] } = kind;
  const of = here.shards.length;
  const shards = here.shards.map((shard, at) =>
    place({ ...manifest, params: without(manifest.params, covered), shard }, without(params, covered), inputs, {
      ...use,
      shard: { index: at + 1, of },
    }),
  );
  const joined = Object.fromEntries(shards.map((key, at) => [`shard[${at}]`, key]));
  const key =
    of > 0
      ? place({ ...manifest, inputs: joined, merge: true }, params, joined, use)
      : place(manifest, params, inputs, use);
  here.keys.set(placeIn(here, where), key);
}

function placeStage(
  stage: ResolvedStage,
  cell: Cell,
  { stageKinds, data }: PlanOptions,
  placed: Map<string, Placed>,
): Placed {
  const kind = stageKinds.find((candidate) => candidate.kind === stage.kind);
  if (!kind) throw new Error(`Internal error: expected a known stage kind, got ${stage.kind}`);
  const upstream = Object.values(stage.inputs).map((name) => placed.get(name) as Placed);
  const replicates = (['set', 'evaluation'] as const).filter(
    (axis) => kind.replicates.includes(axis) || upstream.some((other) => other.replicates.includes(axis)),
  );
  const named = new Set([...(stage.axes ?? Object.keys(cell.axes)), ...upstream.flatMap((other) => other.axes)]);
  const read = outputsOf(kind, stage.params).metrics ? upstream.filter((other) => other.stage.snapshots) : [];
  const snapshots = stage.snapshots ?? read.flatMap((other) => other.snapshots);
  const inputs = Object.entries(stage.inputs).map(([role, name]) => [role, (placed.get(name) as Placed).stage.params]);
  const shards = kind.shards?.(stage.params, data, Object.fromEntries(inputs) as Record<string, JsonObject>) ?? [];
  const result = {
    stage,
    kind,
    replicates,
    axes: Object.keys(cell.axes).filter((axis) => named.has(axis)),
    snapshots: [...new Set(snapshots)].sort((a, b) => a - b),
    shards: shards.length > 1 ? shards : [],
    keys: new Map<string, string>(),
  };
  placed.set(stage.name, result);
  return result;
}

type Replicate = { readonly set?: number; readonly evaluation?: number };

function* replicatesOf(
  axes: readonly ReplicateAxis[],
  counts: { readonly sets: number; readonly evaluations: number },
): Generator<Replicate> {
  for (let set = 1; set <= (axes.includes('set') ? counts.sets : 1); set++)
    for (let evaluation = 1; evaluation <= (axes.includes('evaluation') ? counts.evaluations : 1); evaluation++)
      yield { ...(axes.includes('set') && { set }), ...(axes.includes('evaluation') && { evaluation }) };
}

type Where = Replicate & { readonly at?: number };

/**
 * The upstream node of the same set, evaluation and snapshot; axes that the upstream stage does not have are left out, and
 * a stage without that snapshot stands there with its end.
 */
function keyAt(upstream: Placed, where: Where): string {
  const key = upstream.keys.get(placeIn(upstream, where));
  if (key === undefined) throw new Error(`Internal error: expected ${upstream.stage.name} to stand before its users`);
  return key;
}

function placeIn({ replicates, snapshots }: Placed, where: Where): string {
  const replicate = replicates.map((axis) => where[axis]).join('/');
  return where.at !== undefined && snapshots.includes(where.at) ? `${replicate}@${where.at}` : replicate;
}

/** Stages so that each comes after its inputs; otherwise in the given order. Cycles were refused by `config`. */
export function upstreamFirst(stages: readonly ResolvedStage[]): ResolvedStage[] {
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  const ordered = new Set<ResolvedStage>();
  const open = new Set<ResolvedStage>();
  const visit = (stage: ResolvedStage): void => {
    if (ordered.has(stage)) return;
    if (open.has(stage)) throw new Error(`Internal error: expected no cycle, got one at stage ${stage.name}`);
    open.add(stage);
    for (const name of Object.values(stage.inputs)) {
      const upstream = byName.get(name);
      if (!upstream) throw new Error(`Internal error: expected stage ${stage.name} to name a stage, got ${name}`);
      visit(upstream);
    }
    ordered.add(stage);
  };
  for (const stage of stages) visit(stage);
  return [...ordered];
}
