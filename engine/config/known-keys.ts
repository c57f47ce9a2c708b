/** Keys that may stand at a path of an experiment, written or not: what overrides may set and what errors suggest. */
import type { JsonObject } from '../../base/json.ts';
import type { StageKind } from '../../stages/stage.ts';
import { isObject, propertiesOf } from '../plan/defaults.ts';
import { experimentProperties, RESOURCES, STAGE_KEYS } from './experiment-schema.ts';
import { SHARED_KEYS } from './stage-tree.ts';
import { axisNamed } from './substitute.ts';
import { get, locate, type Tree, type TreeMap } from './tree.ts';

type Properties = Readonly<Record<string, JsonObject>>;

export function knownKeys(root: TreeMap, path: readonly string[], stageKinds: readonly StageKind[]): string[] {
  const [top, ...rest] = path;
  if (top === undefined) return Object.keys(experimentProperties({ backends: [] }));
  if (top === 'stages')
    return stageKeys(root, locate(root, path.slice(0, 2)).tree, rest.slice(1), rest.length, stageKinds);
  if (top === 'matrix') {
    if (rest.length < 2) return [];
    const variant = locate(root, path.slice(0, 3));
    return variant.found ? stageKeys(root, variant.tree, rest.slice(2), rest.length - 1, stageKinds) : [];
  }
  if (top === 'resources') return keysAt(propertiesOf(RESOURCES), rest);
  if (top === 'network') {
    const schemas = stageKinds.flatMap((kind) =>
      Object.hasOwn(kind.parameters.properties, top) ? [kind.parameters.properties[top] as JsonObject] : [],
    );
    return [...new Set(schemas.flatMap((schema) => keysAt(propertiesOf(schema), rest)))];
  }
  const schema = experimentProperties({ backends: [] })[top];
  return schema ? keysAt(propertiesOf(schema), rest) : [];
}

/** Dotted paths of every parameter of every stage, and of the shared keys. */
export function knownPaths(root: TreeMap, stageKinds: readonly StageKind[]): string[] {
  const stages = get(root, 'stages');
  // A stage that is one of several variants is best set in the variant that knows the key.
  const names =
    stages?.type === 'map'
      ? [...stages.entries].filter(([, { value }]) => !get(value, 'use')).map(([name]) => name)
      : [];
  const roots = [
    ...names.map((name) => ['stages', name]),
    ...variantPaths(root),
    ...SHARED_KEYS.map((name) => [name]),
    ['resources'],
    ['replicates'],
    ['prune'],
    ['compare'],
  ];
  return roots.flatMap((path) =>
    knownKeys(root, path, stageKinds).flatMap((key) => [
      [...path, key].join('.'),
      ...knownKeys(root, [...path, key], stageKinds).map((inner) => [...path, key, inner].join('.')),
    ]),
  );
}

function variantPaths(root: TreeMap): string[][] {
  const matrix = get(root, 'matrix');
  if (matrix?.type !== 'map') return [];
  return [...matrix.entries].flatMap(([axis, { value }]) =>
    value.type === 'map' ? [...value.entries.keys()].map((variant) => ['matrix', axis, variant]) : [],
  );
}

function stageKeys(
  root: TreeMap,
  stage: Tree,
  path: readonly string[],
  depth: number,
  stageKinds: readonly StageKind[],
): string[] {
  if (depth === 0) return [];
  const kinds = possibleKinds(root, stage, stageKinds);
  if (path.length === 0) {
    const own = kinds.flatMap((kind) => [
      ...Object.keys(kind.parameters.properties),
      ...Object.keys(kind.inputs),
      ...(Object.hasOwn(kind.parameters.properties, 'network') ? ['networks'] : []),
    ]);
    return [...new Set([...Object.keys(STAGE_KEYS), ...own])];
  }
  const [first = ''] = path;
  if (Object.hasOwn(STAGE_KEYS, first)) return keysAt(propertiesOf(STAGE_KEYS[first] as JsonObject), path.slice(1));
  return [...new Set(kinds.flatMap((kind) => keysAt(kind.parameters.properties, path)))];
}

/** The kinds that a stage has in some cell; all of them when it cannot be told. */
export function possibleKinds(root: TreeMap, stage: Tree, stageKinds: readonly StageKind[]): readonly StageKind[] {
  const trees = [stage, ...(get(stage, 'use') ? valuesOf(root, get(stage, 'use') as Tree) : [])];
  const named = trees.flatMap((tree) => {
    const kind = get(tree, 'stage');
    return kind ? valuesOf(root, kind) : [];
  });
  const kinds = stageKinds.filter((kind) => named.some((tree) => tree.type === 'scalar' && tree.value === kind.kind));
  return kinds.length > 0 ? kinds : stageKinds;
}

/** A value, or all the values of the axis that it names. */
function valuesOf(root: TreeMap, tree: Tree): Tree[] {
  if (tree.type === 'list') return tree.items.flatMap((item) => valuesOf(root, item));
  const axis = axisNamed(tree);
  if (axis === undefined) return [tree];
  const matrix = get(root, 'matrix');
  const options = get(matrix, axis);
  if (options?.type === 'list') return [...options.items];
  return options?.type === 'map' ? [...options.entries.values()].map((entry) => entry.value) : [];
}

function keysAt(properties: Properties | undefined, path: readonly string[]): string[] {
  const [step, ...rest] = path;
  if (!properties) return [];
  if (step === undefined) return Object.keys(properties);
  const inner = properties[step];
  return isObject(inner) ? keysAt(propertiesOf(inner), rest) : [];
}
