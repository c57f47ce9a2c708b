/**
 * YAML → resolved experiments, in the order in which a reader would do it: read the files and what they extend, apply the
 * command line, expand the matrix, resolve every stage of every cell, wire the stages. Nothing stops at the first error:
 * the answer is either all experiments or every error of every file.
 */
import type { JsonObject } from '../../base/json.ts';
import type { DataSummary } from '../../data/data-set.ts';
import type { StageKind } from '../../stages/stage.ts';
import type { Cell, ResolvedExperiment } from '../plan/experiment.ts';
import { BACKENDS } from './backend-names.ts';
import { resolveCells } from './cells.ts';
import { selectedData } from './data-selection.ts';
import type { Diagnostic } from './diagnostics.ts';
import { experimentProperties, FREE_KEYS, REQUIRED_KEYS } from './experiment-schema.ts';
import { checkFigureNames } from './figure-names.ts';
import { type ExperimentFile, loadExperiment } from './load.ts';
import { expandMatrix, type Grid, labelOf } from './matrix.ts';
import { suggestion } from './nearest.ts';
import { withNetworkAxes } from './network-axes.ts';
import { applyOverrides } from './overrides.ts';
import { Problems } from './problems.ts';
import { checkSnapshotUse, pruneRule } from './prune.ts';
import { axisNamed } from './substitute.ts';
import { get, type Tree, type TreeMap, toJson } from './tree.ts';
import { validate } from './validate.ts';

export interface ResolveOptions {
  readonly stageKinds: readonly StageKind[];
  /** Names of the data sets that can be read; any name when absent. */
  readonly dataSets?: readonly string[];
  readonly backends?: readonly string[];
  /** What is known of a data set by its name, where its files are found. */
  readonly dataSummary?: (set: string) => DataSummary | undefined;
  /** `--backend`: wins over the experiment. */
  readonly backend?: string;
  /** From the user's configuration: for experiments that name none. */
  readonly defaultBackend?: string;
  /** The same for how much of the numerics stands in keys. */
  readonly numerics?: string;
  readonly defaultNumerics?: string;
}

export type Resolved =
  | { readonly ok: true; readonly value: readonly ResolvedExperiment[] }
  | { readonly ok: false; readonly error: readonly Diagnostic[] };

export { BACKENDS };

export function resolveExperiments(
  files: readonly ExperimentFile[],
  overrides: readonly string[],
  options: ResolveOptions,
): Resolved {
  const problems = new Problems();
  const resolved = files.map((file) => resolveFile(file, overrides, options, problems));
  if (problems.any) return { ok: false, error: problems.list(files.map((file) => file.path)) };
  return { ok: true, value: resolved.map((experiment) => experiment as ResolvedExperiment) };
}

function resolveFile(
  file: ExperimentFile,
  overrides: readonly string[],
  options: ResolveOptions,
  problems: Problems,
): ResolvedExperiment | undefined {
  const before = problems.count;
  const loaded = loadExperiment(file, problems);
  if (!loaded) return undefined;
  const experiment = applyOverrides(loaded, overrides, options.stageKinds, problems);
  checkTopLevel(experiment, options, problems);
  const data = problems.count > before ? undefined : selectedData(experiment, options.dataSummary, problems);
  const { experiment: expanded, axes } = withNetworkAxes(experiment, options.stageKinds, problems);
  const grid = expandMatrix(get(experiment, 'matrix'), problems, axes);
  checkBaseline(experiment, grid, problems);
  const cells = resolveCells(expanded, grid, options.stageKinds, problems, data?.summary);
  if (problems.count > before) return undefined;
  checkSnapshotUse(experiment, grid, cells, options.stageKinds, problems);
  checkFigureNames(experiment, cells, options.stageKinds, problems);
  if (problems.count > before || !data) return undefined;
  return assemble(file.path, experiment, grid, cells, data.name, overrides, options);
}

function checkTopLevel(experiment: TreeMap, options: ResolveOptions, problems: Problems): void {
  for (const name of ['data', 'seed', 'backend', 'numerics', 'replicates', 'prune', 'compare'])
    refuseAxes(name, experiment, problems);
  const { source, start } = experiment.span;
  // Where nothing else is the culprit, the first character of the file is: the whole first line would be too much.
  const tree = { ...experiment, span: { source, start, end: start + 1 } };
  const subject = { what: 'an experiment', otherNames: ['extends'], references: true };
  validate(tree, topLevelSchema(options), subject, problems);
}

const schemas = new Map<string, JsonObject>();

/** One object for one vocabulary, so that it is compiled once. */
function topLevelSchema({ dataSets, backends = BACKENDS }: ResolveOptions): JsonObject {
  const key = JSON.stringify([dataSets, backends]);
  let schema = schemas.get(key);
  if (!schema) {
    schema = {
      type: 'object',
      properties: experimentProperties({ dataSets, backends }),
      patternProperties: { [FREE_KEYS]: {} },
      required: REQUIRED_KEYS,
      additionalProperties: false,
    };
    schemas.set(key, schema);
  }
  return schema;
}

/** One experiment has one data set, seed and backend: cells of unlike things must not meet in one table. */
function refuseAxes(name: string, experiment: TreeMap, problems: Problems): void {
  const value = get(experiment, name);
  const reference = value && firstReference(value);
  if (reference)
    problems.in(
      reference,
      'AXIS_NOT_ALLOWED',
      `\`${name}\` is the same in all cells of an experiment and cannot name an axis.`,
      {
        help: name === 'seed' ? 'Repetition is declared by `replicates`.' : 'Write one experiment for each.',
      },
    );
}

function firstReference(tree: Tree): Tree | undefined {
  if (axisNamed(tree) !== undefined) return tree;
  const inner =
    tree.type === 'list'
      ? tree.items
      : tree.type === 'map'
        ? [...tree.entries.values()].map((entry) => entry.value)
        : [];
  for (const item of inner) {
    const found = firstReference(item);
    if (found) return found;
  }
  return undefined;
}

function checkBaseline(experiment: TreeMap, grid: Grid, problems: Problems): void {
  const baseline = get(get(experiment, 'compare'), 'baseline');
  if (baseline?.type !== 'map') return;
  const before = problems.count;
  for (const [name, { key, value }] of baseline.entries) {
    // The schema has reported it.
    if (value.type === 'map') return;
    const axis = grid.axes.find((candidate) => candidate.name === name);
    const names = grid.axes.map((candidate) => candidate.name);
    if (!axis)
      problems.at(key, 'UNKNOWN_AXIS', `The baseline names \`${name}\`, which is no axis of the matrix.`, {
        help: suggestion(name, names, 'Axes'),
      });
    else if (!axis.options.some((option) => option.label === labelOf(value)))
      problems.in(
        value,
        'UNKNOWN_VALUE',
        `The baseline names \`${labelOf(value)}\`, which is no value of the axis \`${name}\`.`,
        {
          help: suggestion(
            labelOf(value),
            axis.options.map((option) => option.label),
            'Values',
          ),
        },
      );
  }
  const labels = [...baseline.entries].map(([axis, { value }]) => [axis, labelOf(value)] as const);
  const exists = grid.cells.some((cell) => labels.every(([axis, label]) => cell.get(axis)?.label === label));
  if (problems.count === before && grid.cells.length > 0 && labels.length > 0 && !exists)
    problems.in(
      baseline,
      'UNKNOWN_VALUE',
      `No cell of the matrix has ${labels.map(([axis, label]) => `\`${axis}: ${label}\``).join(' and ')}, which the baseline names.`,
      { help: 'Leave it in the grid, or name another one.' },
    );
}

function assemble(
  file: string,
  experiment: TreeMap,
  grid: Grid,
  cells: readonly Cell[],
  dataName: string,
  overrides: readonly string[],
  options: ResolveOptions,
): ResolvedExperiment {
  const source = toJson(experiment) as JsonObject;
  const { name, seed = 0, notes, tags, replicates } = source;
  const compare = (source.compare ?? {}) as { baseline?: JsonObject; metric?: string; select?: string };
  const prune = pruneRule(source);
  const counts = { sets: 1, evaluations: 1, ...(replicates as { sets?: number; evaluations?: number } | undefined) };
  const baseline = get(get(experiment, 'compare'), 'baseline');
  return {
    file,
    name: name as string,
    seed: seed as number,
    data: { set: dataName },
    backend:
      options.backend ?? (source.backend as string | undefined) ?? options.defaultBackend ?? (BACKENDS[0] as string),
    ...((options.numerics ?? source.numerics ?? options.defaultNumerics) === 'backend' && {
      numerics: 'backend' as const,
    }),
    replicates: counts,
    axes: Object.fromEntries(grid.axes.map((axis) => [axis.name, axis.options.map((option) => option.label)])),
    cells,
    ...(compare.baseline &&
      baseline?.type === 'map' && {
        baseline: Object.fromEntries([...baseline.entries].map(([axis, { value }]) => [axis, labelOf(value)])),
      }),
    ...(compare.metric !== undefined && { metric: compare.metric }),
    ...(compare.select === 'best' && { select: 'best' as const }),
    ...(prune && { prune }),
    ...(notes !== undefined && { notes: notes as string }),
    ...(tags !== undefined && { tags: tags as string[] }),
    ...(overrides.length > 0 && { overrides }),
    source,
  };
}
