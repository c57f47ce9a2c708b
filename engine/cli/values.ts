/** Every value of an experiment as resolved, with where it came from: `plan --values`, and `show NODE`. */
import { relative } from 'node:path';
import { canonicalJson } from '../../base/canonical-json.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import { stageKind } from '../../stages/registry.ts';
import { isObject } from '../plan/defaults.ts';
import type { Origin, ResolvedExperiment, ResolvedStage } from '../plan/experiment.ts';
import { brief } from '../plan/explain-words.ts';
import { textBlock } from '../report/columns-of-text.ts';

export interface Value {
  readonly path: string;
  readonly value: Json;
  readonly origin: Origin;
  /** The method whose default it is, where a stage kind's defaults hang on that. */
  readonly defaultOf?: string;
  /** Labels of the cells where it is so; absent where it is so in all that have the stage. */
  readonly cells?: readonly Readonly<Record<string, string>>[];
}

/** Of every stage, in the order of the file: equal values of several cells once. */
export function resolvedValues({ cells }: ResolvedExperiment): Map<string, Value[]> {
  const stages = new Map<string, Map<string, { value: Value; cells: Readonly<Record<string, string>>[] }>>();
  const having = new Map<string, number>();
  for (const { stages: own, axes } of cells)
    for (const stage of own) {
      having.set(stage.name, (having.get(stage.name) ?? 0) + 1);
      const found = stages.get(stage.name) ?? new Map();
      stages.set(stage.name, found);
      for (const value of valuesOf(stage)) {
        const id = `${value.path} ${canonicalJson(value.value)} ${originWords(value.origin)}`;
        const same = found.get(id);
        if (same) same.cells.push(axes);
        else found.set(id, { value, cells: [axes] });
      }
    }
  return new Map(
    [...stages].map(([name, found]) => [
      name,
      [...found.values()]
        .map(({ value, cells: where }) => (where.length === having.get(name) ? value : { ...value, cells: where }))
        .sort((a, b) => order(a.path, found) - order(b.path, found)),
    ]),
  );
}

/** Variants of one parameter stand together. */
function order(path: string, found: ReadonlyMap<string, { readonly value: Value }>): number {
  return [...found.values()].findIndex(({ value }) => value.path === path);
}

export function valuesOf({ kind, params, origins }: Pick<ResolvedStage, 'kind' | 'params' | 'origins'>): Value[] {
  const own = stageKind(kind)?.defaults?.(params) ?? {};
  const leaves = (value: JsonObject, path: string): Value[] =>
    Object.entries(value).flatMap(([name, inner]) => {
      const here = path ? `${path}.${name}` : name;
      if (isObject(inner) && Object.keys(inner).length > 0) return leaves(inner, here);
      const origin = originOf(here, origins);
      const [top = ''] = here.split('.');
      const method = origin.from === 'default' && top in own ? String(params.method ?? kind) : undefined;
      return [{ path: here, value: inner, origin, ...(method !== undefined && { defaultOf: method }) }];
    });
  return [{ path: 'stage', value: kind, origin: origins.stage ?? { from: 'default' } }, ...leaves(params, '')].filter(
    ({ path }) => path !== 'stage' || origins.stage !== undefined,
  );
}

/** Its own, or that of the map that it was written in. */
function originOf(path: string, origins: ResolvedStage['origins']): Origin {
  for (let name = path; name; name = name.slice(0, Math.max(0, name.lastIndexOf('.')))) {
    const origin = origins[name];
    if (origin) return origin;
  }
  return { from: 'default' };
}

export function originWords(origin: Origin): string {
  switch (origin.from) {
    case 'default':
      return 'default';
    case 'file':
      return `${relative('.', origin.file) || origin.file}:${origin.line}`;
    case 'override':
      return `command line (${origin.text})`;
  }
}

/** What else stands in the file, without origins: seed, data, replicates. */
export function valueLines(experiment: ResolvedExperiment): string[] {
  const { seed, data, replicates, backend, numerics = 'strict' } = experiment;
  const head = [
    ['seed', seed],
    ['data.set', data.set],
    ['backend', backend],
    ['numerics', numerics],
    ['replicates.sets', replicates.sets],
    ['replicates.evaluations', replicates.evaluations],
  ].map(([name, value]) => `${name}: ${value}`);
  const blocks = [...resolvedValues(experiment)].flatMap(([stage, values]) => ['', stage, ...valueBlock(values)]);
  return [head.join('; '), ...blocks];
}

export function valueBlock(values: readonly Value[]): string[] {
  const somewhere = values.some(({ cells }) => cells);
  return textBlock([
    { header: '  parameter', cells: values.map(({ path }) => `  ${path}`) },
    { header: 'value', cells: values.map(({ value }) => brief(value)) },
    {
      header: 'from',
      cells: values.map(({ origin, defaultOf }) => `${originWords(origin)}${defaultOf ? ` of ${defaultOf}` : ''}`),
    },
    ...(somewhere
      ? [{ header: 'in cells', cells: values.map(({ cells }) => (cells ? cellWords(cells) : 'all')) }]
      : []),
  ]);
}

const MOST_CELLS = 3;

function cellWords(cells: readonly Readonly<Record<string, string>>[]): string {
  const named = cells.slice(0, MOST_CELLS).map((axes) =>
    Object.entries(axes)
      .map(([axis, label]) => `${axis}=${label}`)
      .join(','),
  );
  return [...named, ...(cells.length > MOST_CELLS ? [`and ${cells.length - MOST_CELLS} more`] : [])].join('; ');
}
