/** `compare.metric` and `prune.metric` name a figure, which some stage of the grid must report. */
import type { StageKind } from '../../stages/stage.ts';
import type { Cell } from '../plan/experiment.ts';
import { suggestion } from './nearest.ts';
import type { Problems } from './problems.ts';
import { locate, type TreeMap, toJson } from './tree.ts';

export function checkFigureNames(
  experiment: TreeMap,
  cells: readonly Cell[],
  stageKinds: readonly StageKind[],
  problems: Problems,
): void {
  const known = figuresOf(cells, stageKinds);
  if (!known) return;
  for (const path of [
    ['compare', 'metric'],
    ['prune', 'metric'],
  ]) {
    const found = locate(experiment, path);
    const name = found.found ? toJson(found.tree) : undefined;
    if (typeof name !== 'string' || known.includes(name)) continue;
    const help = suggestion(name, known, 'Figures') ?? 'No stage of the grid reports any.';
    problems.found(found, 'value', 'METRIC_UNKNOWN', `No stage of the grid reports a figure \`${name}\`.`, { help });
  }
}

/** Undefined where a program of the user may report what it likes. */
function figuresOf(cells: readonly Cell[], stageKinds: readonly StageKind[]): readonly string[] | undefined {
  const kinds = new Set(cells.flatMap(({ stages }) => stages.map(({ kind }) => kind)));
  const figures = [...kinds].map((name) => stageKinds.find(({ kind }) => kind === name)?.figures);
  return figures.includes(undefined) ? undefined : [...new Set(figures.flatMap((names) => names ?? []))];
}
