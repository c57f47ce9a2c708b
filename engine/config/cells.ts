/**
 * The cells of the grid with their stages. A stage is resolved once for all cells that agree on the axes it can depend
 * on, so a grid of thousands of cells costs as much as its different stages.
 */
import { canonicalJson } from '../../base/canonical-json.ts';
import { sha256 } from '../../base/digest.ts';
import type { Json } from '../../base/json.ts';
import type { DataSummary } from '../../data/data-set.ts';
import type { StageKind } from '../../stages/stage.ts';
import type { Cell } from '../plan/experiment.ts';
import { partsOf } from './cell-parts.ts';
import { AXIS_NAME, type Combination, cellName, type Grid } from './matrix.ts';
import { nearest } from './nearest.ts';
import type { Problems } from './problems.ts';
import { stageParams } from './stage-params.ts';
import { reachableAxes, stageTree } from './stage-tree.ts';
import { Substitution } from './substitute.ts';
import { type Entry, get, type Tree, type TreeMap, toJson } from './tree.ts';
import { type WiredStage, wire } from './wiring.ts';

export function resolveCells(
  experiment: TreeMap,
  grid: Grid,
  stageKinds: readonly StageKind[],
  problems: Problems,
  data?: DataSummary,
): readonly Cell[] {
  const stages = get(experiment, 'stages');
  if (stages?.type !== 'map') return [];
  const before = problems.count;
  if (stages.entries.size > MAX_STAGES) {
    problems.in(stages, 'TOO_MANY_STAGES', `The experiment has ${stages.entries.size} stages.`, {
      help: `Expected at most ${MAX_STAGES}; what differs only in values is an axis of the matrix.`,
    });
    return [];
  }
  checkNames(stages, problems);
  const reachable = reachableByStage(experiment, stages, grid);
  refuseUnusedAxes(reachable, grid, problems);
  const resolveStage = stageResolver(experiment, stages, reachable, grid, stageKinds, problems, data);
  const names = [...stages.entries.keys()];
  const seenKinds = new Set<StageKind>();
  const brought = new Set(grid.axes.flatMap(({ name, ofStage }) => (ofStage ? [name] : [])));
  const cells = new Map<string, Cell>();
  for (const cell of grid.cells) {
    const resolved = names.flatMap((name) => resolveStage(name, cell) ?? []);
    for (const { tree } of resolved) seenKinds.add(tree.kind);
    const wired = wire(resolved, names, problems, data) ?? [];
    for (const part of partsOf(cell, wired, brought)) {
      const axes = Object.fromEntries([...part.cell].map(([axis, option]) => [axis, option.label]));
      const found = { id: cellId(part.cell, grid), axes, stages: part.stages };
      // Cells of the matrix are shown as they are, even where two of them are equal.
      const name = brought.size > 0 ? cellName(part.cell) : String(cells.size);
      if (!cells.has(name)) cells.set(name, found);
    }
  }
  if (problems.count === before && cells.size > 0) refuseUnusedNetwork(experiment, seenKinds, problems);
  return [...cells.values()];
}

type StageResolver = (name: string, cell: Combination) => WiredStage | undefined;

type Reachable = ReadonlyMap<string, readonly string[]>;

function reachableByStage(experiment: TreeMap, stages: TreeMap, grid: Grid): Reachable {
  const variants = (axis: string): Tree[] =>
    (grid.axes.find((candidate) => candidate.name === axis)?.options ?? []).map((option) => option.value);
  return new Map([...stages.entries].map(([name, entry]) => [name, reachableAxes(entry.value, experiment, variants)]));
}

function stageResolver(
  experiment: TreeMap,
  stages: TreeMap,
  reachable: Reachable,
  grid: Grid,
  stageKinds: readonly StageKind[],
  problems: Problems,
  data: DataSummary | undefined,
): StageResolver {
  const known = new Map<string, WiredStage | undefined>();
  return (name, cell) => {
    const labels = (reachable.get(name) ?? []).map((axis) => cell.get(axis)?.label ?? null);
    const key = JSON.stringify([name, labels]);
    if (known.has(key)) return known.get(key);
    const substitution = new Substitution(cell, grid.axes, problems);
    const tree = stageTree(name, stages.entries.get(name) as Entry, experiment, substitution, stageKinds, problems);
    const axes = grid.axes.map((axis) => axis.name).filter((axis) => substitution.used.has(axis));
    const stage = tree && { tree, resolved: stageParams(tree, axes, problems, data) };
    known.set(key, stage);
    return stage;
  };
}

/** Far more than any experiment has, far less than what ends the stack of those who follow inputs upstream. */
const MAX_STAGES = 1000;

function checkNames(stages: TreeMap, problems: Problems): void {
  for (const [name, { key }] of stages.entries)
    if (!AXIS_NAME.test(name))
      problems.at(
        key,
        'BAD_NAME',
        `Expected a stage to be named by letters, digits, \`_\` and \`-\`, got \`${name}\`.`,
      );
}

/** Cells that differ in nothing would be compared with each other: nearly always a forgotten `$axis`. */
function refuseUnusedAxes(reachable: Reachable, grid: Grid, problems: Problems): void {
  const named = new Set([...reachable.values()].flat());
  const names = grid.axes.map((axis) => axis.name);
  // `$metod` is reported where it stands; it was meant to use `method`.
  for (const name of named) if (!names.includes(name)) named.add(nearest(name, names) ?? name);
  for (const axis of grid.axes)
    if (!named.has(axis.name) && AXIS_NAME.test(axis.name))
      problems.at(
        axis.key,
        'UNUSED_AXIS',
        `No stage names the axis \`${axis.name}\`: its cells would all be the same.`,
        {
          help: `Write \`$${axis.name}\` where its value belongs.`,
        },
      );
}

function refuseUnusedNetwork(experiment: TreeMap, kinds: ReadonlySet<StageKind>, problems: Problems): void {
  const entry = experiment.entries.get('network');
  if (entry && ![...kinds].some((kind) => Object.hasOwn(kind.parameters.properties, 'network')))
    problems.at(entry.key, 'UNUSED_KEY', 'No stage of this experiment takes a `network`.');
}

/** Short hash of what varies: the same cell keeps its id when other cells come and go. */
function cellId(cell: Combination, grid: Grid): string {
  const varying = Object.fromEntries(
    [...cell].map(([name, option]): [string, Json] => {
      const variants = grid.axes.find((axis) => axis.name === name)?.variants;
      return [name, variants ? option.label : toJson(option.value)];
    }),
  );
  return sha256(canonicalJson(varying)).slice(0, 8);
}
