/**
 * Resolved experiment → plan: one node for each key, however many places of the grid use it. Pure.
 *
 * A stage stands once in a cell for each of its replicates: those on which it draws random numbers itself and those of
 * whatever stands upstream. Cells come in the order of the grid, stages in topological order, then sets, then
 * evaluations; a node stands where it is first needed, so every node comes after its inputs.
 */
import type { ReplicateAxis, StageKind } from '../../stages/stage.ts';
import type { Cell, ResolvedExperiment, ResolvedStage } from './experiment.ts';
import { cacheKey, keyManifest } from './key.ts';
import { nodeIds } from './node-ids.ts';
import type { NodeUse, Plan, PlanNode } from './plan.ts';

export interface PlanOptions {
  readonly stageKinds: readonly StageKind[];
  /** Digest of the data set's files, and what tables say about them. */
  readonly dataDigest: string;
  readonly dataDescription: string;
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
  /** Key by `set/evaluation`. */
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
    numerics: options.numerics,
    replicates: experiment.replicates,
    axes: experiment.axes,
    ...(experiment.baseline && { baseline: experiment.baseline }),
    ...(experiment.metric !== undefined && { metric: experiment.metric }),
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
    const here = placeStage(stage, cell, options.stageKinds, placed);
    for (const replicate of replicatesOf(here.replicates, experiment.replicates)) {
      const inputs = Object.fromEntries(
        Object.entries(stage.inputs).map(([role, name]) => [role, keyAt(placed.get(name) as Placed, replicate)]),
      );
      const { threads } = stage.resources;
      const { kind, params } = { kind: here.kind, params: stage.params };
      const seed = { base: experiment.seed, ...replicate };
      const { dataDigest, numerics } = options;
      const dataSet = experiment.data.set;
      const manifest = keyManifest({ stage: kind, params, seed, inputs, dataSet, dataDigest, numerics, threads });
      const key = cacheKey(manifest);
      here.keys.set(replicateKey(here.replicates, replicate), key);
      const use: NodeUse = { cell: cell.id, stage: stage.name, ...replicate };
      const draft = drafts.get(key);
      if (draft) draft.uses.push(use);
      else {
        const outputs = Object.keys(kind.outputs);
        drafts.set(key, { key, manifest, params, threads, outputs, inputs, uses: [use], axes: here.axes });
      }
    }
  }
}

function placeStage(
  stage: ResolvedStage,
  cell: Cell,
  stageKinds: readonly StageKind[],
  placed: Map<string, Placed>,
): Placed {
  const kind = stageKinds.find((candidate) => candidate.kind === stage.kind);
  if (!kind) throw new Error(`Internal error: expected a known stage kind, got ${stage.kind}`);
  const upstream = Object.values(stage.inputs).map((name) => placed.get(name) as Placed);
  const replicates = (['set', 'evaluation'] as const).filter(
    (axis) => kind.replicates.includes(axis) || upstream.some((other) => other.replicates.includes(axis)),
  );
  const named = new Set([...(stage.axes ?? Object.keys(cell.axes)), ...upstream.flatMap((other) => other.axes)]);
  const result = {
    stage,
    kind,
    replicates,
    axes: Object.keys(cell.axes).filter((axis) => named.has(axis)),
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

/** The upstream node of the same set and evaluation; axes that the upstream stage does not have are left out. */
function keyAt(upstream: Placed, replicate: Replicate): string {
  const key = upstream.keys.get(replicateKey(upstream.replicates, replicate));
  if (key === undefined) throw new Error(`Internal error: expected ${upstream.stage.name} to stand before its users`);
  return key;
}

function replicateKey(axes: readonly ReplicateAxis[], replicate: Replicate): string {
  return axes.map((axis) => replicate[axis]).join('/');
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
