/**
 * What is said of snapshots from outside the stages that take them: `prune`, and `compare.select`. Both speak of
 * evaluations of snapshots, so there must be some, at the steps that they name.
 */
import type { JsonObject } from '../../base/json.ts';
import type { StageKind } from '../../stages/stage.ts';
import { stepAt, stepsOf } from '../plan/chain.ts';
import type { Cell } from '../plan/experiment.ts';
import type { PruneRule } from '../plan/prune-rule.ts';
import type { Grid } from './matrix.ts';
import { suggestion } from './nearest.ts';
import type { Problems } from './problems.ts';
import { get, locate, type TreeMap, toJson } from './tree.ts';

/** A stage of a cell that takes snapshots and is read by one that makes metrics. */
interface Curve {
  readonly stage: string;
  readonly steps: number;
  readonly snapshots: readonly number[];
}

export function checkSnapshotUse(
  experiment: TreeMap,
  grid: Grid,
  cells: readonly Cell[],
  stageKinds: readonly StageKind[],
  problems: Problems,
): void {
  const curves = cells.flatMap((cell) => curvesOf(cell, stageKinds));
  const select = locate(experiment, ['compare', 'select']);
  if (select.found && toJson(select.tree) === 'best' && curves.length === 0)
    problems.found(
      select,
      'value',
      'NO_SNAPSHOTS',
      'There is no best snapshot: no stage takes any that is evaluated.',
      { help: HELP },
    );
  const prune = get(experiment, 'prune');
  if (prune?.type !== 'map') return;
  if (curves.length === 0)
    problems.found(
      locate(experiment, ['prune']),
      'key',
      'NO_SNAPSHOTS',
      '`prune` judges cells by evaluations of their snapshots, and no stage takes any that is evaluated.',
      { help: HELP },
    );
  else checkSteps(experiment, curves, problems);
  checkFields(experiment, grid, problems);
}

const HELP = 'Write e.g. `snapshots: { every: 100 }` in the stage that takes long.';

function curvesOf(cell: Cell, stageKinds: readonly StageKind[]): Curve[] {
  const kindOf = (name: string) => stageKinds.find(({ kind }) => kind === name);
  const evaluated = new Set(
    cell.stages.flatMap((stage) => (kindOf(stage.kind)?.outputs.metrics ? Object.values(stage.inputs) : [])),
  );
  return cell.stages.flatMap(({ name, kind, params, snapshots }) => {
    const found = kindOf(kind);
    const steps = found && stepsOf(found, params);
    return snapshots && steps !== undefined && evaluated.has(name) ? [{ stage: name, steps, snapshots }] : [];
  });
}

/** In one cell at least: shorter ones end before, and are judged where they can be. */
function checkSteps(experiment: TreeMap, curves: readonly Curve[], problems: Problems): void {
  const at = get(get(experiment, 'prune'), 'at');
  if (!at) return;
  const items = at.type === 'list' ? at.items.map((_, index) => ['prune', 'at', index]) : [['prune', 'at']];
  for (const path of items) {
    const found = locate(experiment, path);
    const value = toJson(found.tree);
    // The schema has reported it.
    if (typeof value !== 'number' || value <= 0) continue;
    if (value >= 1 && !Number.isInteger(value))
      problems.found(
        found,
        'value',
        'RULE',
        `Expected a step (a whole number) or a fraction below 1, but found ${value}.`,
      );
    else if (!curves.some((curve) => curve.snapshots.includes(stepAt(value, curve.steps)))) {
      const [first] = curves;
      const where = value < 1 ? `${value} of the steps` : `step ${value}`;
      problems.found(found, 'value', 'NO_SNAPSHOTS', `There is no snapshot at ${where} in any cell.`, {
        help: first && `\`${first.stage}\` has ${first.steps} steps and snapshots at ${shortList(first.snapshots)}.`,
      });
    }
  }
}

function shortList(values: readonly number[]): string {
  return values.length > 6 ? `${values.slice(0, 3).join(', ')}, … ${values.at(-1)}` : values.join(', ');
}

function checkFields(experiment: TreeMap, grid: Grid, problems: Problems): void {
  const prune = toJson(get(experiment, 'prune') as TreeMap) as JsonObject;
  if (prune.rule === 'threshold' && prune.threshold === undefined)
    problems.found(
      locate(experiment, ['prune', 'rule']),
      'value',
      'RULE',
      '`rule: threshold` needs `threshold`: the figure below which a cell is given up.',
    );
  for (const [name, rule] of [
    ['threshold', 'threshold'],
    ['eta', 'asha'],
  ] as const)
    if (prune[name] !== undefined && prune.rule !== rule)
      problems.found(
        locate(experiment, ['prune', name]),
        'key',
        'RULE',
        `\`${name}\` belongs to \`rule: ${rule}\`, but the rule is \`${prune.rule}\`.`,
      );
  const names = grid.axes.map((axis) => axis.name);
  for (const [index, axis] of (Array.isArray(prune.within) ? prune.within : []).entries())
    if (typeof axis === 'string' && !names.includes(axis))
      problems.found(
        locate(experiment, ['prune', 'within', index]),
        'value',
        'UNKNOWN_AXIS',
        `\`within\` names \`${axis}\`, which is no axis of the matrix.`,
        {
          help: suggestion(axis, names, 'Axes'),
        },
      );
}

/** As the experiment says it, once it is known to be right. */
export function pruneRule(source: JsonObject): PruneRule | undefined {
  const prune = source.prune as JsonObject | null | undefined;
  if (!prune) return undefined;
  const compare = source.compare as { metric?: string } | undefined;
  const { at } = prune;
  return {
    rule: prune.rule as PruneRule['rule'],
    metric: (prune.metric as string | undefined) ?? compare?.metric ?? 'accuracy',
    ...(at !== undefined && { at: (Array.isArray(at) ? at : [at]) as number[] }),
    eta: (prune.eta as number | undefined) ?? 3,
    ...(prune.threshold !== undefined && { threshold: prune.threshold as number }),
    minReplicates: (prune.minReplicates as number | undefined) ?? 1,
    minCells: (prune.minCells as number | undefined) ?? 3,
    within: (prune.within as string[] | undefined) ?? [],
  };
}
