/**
 * What differs in the configuration of two plans, and only that: settings of the whole experiment, then of every stage of
 * every pair of cells, with equal changes of several cells told once.
 */
import { canonicalJson } from '../../base/canonical-json.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import { isObject } from './defaults.ts';
import type { Plan, PlanNode } from './plan.ts';

/** Axis → label. */
export type Labels = Readonly<Record<string, string>>;

type Cell = Plan['cells'][number];

/** A cell of each plan that belong together. */
export interface CellPair {
  /** What names the pair. */
  readonly labels: Labels;
  readonly a: Cell;
  readonly b: Cell;
}

export interface ConfigurationChange {
  /** `data`, `backend`, `replicates.sets`, or stage and parameter: `distil.learningRate`. */
  readonly path: string;
  readonly from?: Json;
  readonly to?: Json;
  /** Labels of the cells where it is so; absent where it is so in all of them. */
  readonly cells?: readonly Labels[];
}

type Settings = ReadonlyMap<string, Json>;

export function configurationChanges(a: Plan, b: Plan, pairs: readonly CellPair[]): ConfigurationChange[] {
  const whole = changed(experimentSettings(a), experimentSettings(b));
  const [ours, theirs] = [stagesByCell(a), stagesByCell(b)];
  const found = new Map<string, { change: ConfigurationChange; cells: Labels[] }>();
  for (const pair of pairs)
    for (const change of changed(cellSettings(ours.get(pair.a.id)), cellSettings(theirs.get(pair.b.id)))) {
      const key = canonicalJson(change as unknown as Json);
      const same = found.get(key);
      if (same) same.cells.push(pair.labels);
      else found.set(key, { change, cells: [pair.labels] });
    }
  const inCells = [...found.values()].map(({ change, cells }) =>
    cells.length === pairs.length ? change : { ...change, cells },
  );
  return [...whole, ...inCells];
}

function experimentSettings(plan: Plan): Settings {
  const { data, numerics, replicates, nodes } = plan;
  const settings = new Map<string, Json>([
    ['data', data.set],
    [`files of ${data.set}`, data.digest.slice(0, 12)],
    ['backend', plan.backend],
    ['numerics', plan.numericsMode ?? 'strict'],
    ['replicates.sets', replicates.sets],
    ['replicates.evaluations', replicates.evaluations],
  ]);
  const base = nodes.find(({ manifest }) => manifest.seed !== undefined)?.manifest.seed?.base;
  if (base !== undefined) settings.set('seed', base);
  if (plan.rerunOn) settings.set('rerun-on', plan.rerunOn);
  if (plan.prune) settings.set('prune', plan.prune as unknown as Json);
  for (const [name, value] of Object.entries(numerics))
    if (name !== 'backend') settings.set(`${plan.backend}.${name}`, value);
  return settings;
}

/** Stage name → one of its nodes, for each cell: replicates differ in nothing but the seed. */
function stagesByCell(plan: Plan): Map<string, Map<string, PlanNode>> {
  const cells = new Map<string, Map<string, PlanNode>>();
  for (const node of plan.nodes)
    for (const { cell, stage, at, shard } of node.uses) {
      // Of a snapshot and of a shard the parameters are not the stage's own.
      if (at !== undefined || shard) continue;
      const stages = cells.get(cell) ?? new Map<string, PlanNode>();
      cells.set(cell, stages);
      if (!stages.has(stage)) stages.set(stage, node);
    }
  return cells;
}

function cellSettings(stages: ReadonlyMap<string, PlanNode> = new Map()): Settings {
  const settings = new Map<string, Json>();
  for (const [stage, { manifest, params, threads }] of stages) {
    settings.set(`${stage}.stage`, manifest.stage);
    settings.set(`${stage}.version of ${manifest.stage}`, manifest.version);
    settings.set(`${stage}.threads`, threads);
    leaves(params, stage, settings);
  }
  return settings;
}

function leaves(value: JsonObject, path: string, into: Map<string, Json>): void {
  for (const [name, inner] of Object.entries(value))
    if (isObject(inner) && Object.keys(inner).length > 0) leaves(inner, `${path}.${name}`, into);
    else into.set(`${path}.${name}`, inner);
}

function changed(ours: Settings, theirs: Settings): ConfigurationChange[] {
  const changes: ConfigurationChange[] = [];
  for (const path of new Set([...ours.keys(), ...theirs.keys()])) {
    const [from, to] = [ours.get(path), theirs.get(path)];
    if (from !== undefined && to !== undefined && canonicalJson(from) === canonicalJson(to)) continue;
    // Threads of two stage kinds, versions of two backends, or files of two data sets, are no differences of their own.
    if (path.endsWith('.threads') && isOtherStage(path, ours, theirs)) continue;
    if ((from === undefined || to === undefined) && isConsequence(path, ours, theirs)) continue;
    changes.push({ path, ...(from !== undefined && { from }), ...(to !== undefined && { to }) });
  }
  return changes;
}

function isConsequence(path: string, ours: Settings, theirs: Settings): boolean {
  const differs = (setting: string) => ours.get(setting) !== theirs.get(setting);
  if (path.startsWith('files of ')) return differs('data');
  const [group = ''] = path.split('.');
  if (group === ours.get('backend') || group === theirs.get('backend'))
    return differs('backend') || differs('numerics');
  return path.includes('.version of ') && isOtherStage(path, ours, theirs);
}

function isOtherStage(path: string, ours: Settings, theirs: Settings): boolean {
  const [stage = ''] = path.split('.');
  return ours.get(`${stage}.stage`) !== theirs.get(`${stage}.stage`);
}
