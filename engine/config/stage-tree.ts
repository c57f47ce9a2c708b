/**
 * One stage of one cell as a tree: `use` merged in, defaults of the top level below it, every `$axis` replaced. What is
 * left is `stage`, inputs, parameters and resources, each with the place where it was written.
 */
import type { JsonObject } from '../../base/json.ts';
import type { StageKind } from '../../stages/stage.ts';
import { withoutNames } from './named-values.ts';
import { suggestion } from './nearest.ts';
import { takesNetworks } from './network-axes.ts';
import type { Problems } from './problems.ts';
import { axesNamedIn, type Substitution } from './substitute.ts';
import { described, type Entry, get, merge, type Span, type Tree, type TreeMap, withoutEntry } from './tree.ts';

/** Keys of the top level that stand in for the stage's own where its schema declares them. */
export const SHARED_KEYS = ['network', 'data', 'seed', 'backend'];

/** The same for what only steers the run: every stage takes them, and none is a parameter. */
export const STEERING_KEYS = ['resources', 'retries', 'timeLimit'];

export interface StageTree {
  readonly name: string;
  /** Where the stage's name is written. */
  readonly key: Span;
  readonly kind: StageKind;
  readonly map: TreeMap;
}

/** Undefined when it is not even known what kind it is; the reason is in `problems`. */
export function stageTree(
  name: string,
  entry: Entry,
  experiment: TreeMap,
  substitution: Substitution,
  stageKinds: readonly StageKind[],
  problems: Problems,
): StageTree | undefined {
  const written = substitution.apply(entry.value);
  if (written.type !== 'map') {
    if (!(written.type === 'scalar' && written.refused))
      problems.in(
        written,
        'WRONG_TYPE',
        `Expected the stage \`${name}\` to be a map, but found ${described(written)}.`,
        {
          help: `Write e.g. \`${name}: { stage: ${stageKinds[0]?.kind ?? 'KIND'} }\`.`,
        },
      );
    return undefined;
  }
  const used = mergedUse(written, problems);
  if (!used) return undefined;
  const kind = kindOf(name, entry.key, used, stageKinds, problems);
  if (!kind) return undefined;
  const own = withoutNetworks(used, kind, problems);
  const schema = { properties: kind.parameters.properties } as unknown as JsonObject;
  const named = withoutNames(withShared(own, kind, experiment, substitution, problems), schema, problems) as TreeMap;
  return { name, key: entry.key, kind, map: named };
}

function mergedUse(stage: TreeMap, problems: Problems): TreeMap | undefined {
  const use = stage.entries.get('use');
  if (!use) return stage;
  let base: TreeMap | undefined;
  for (const item of use.value.type === 'list' ? use.value.items : [use.value]) {
    if (item.type === 'scalar' && item.refused) return undefined;
    if (item.type !== 'map') {
      problems.in(item, 'WRONG_TYPE', `Expected \`use\` to name a map, but found ${described(item)}.`, {
        help: 'Name an axis of variants, e.g. `use: $method`.',
      });
      return undefined;
    }
    // Each entry remembers that it came by `use`: the variant may be written far away from the stage.
    const via = item.via ?? { message: 'used here', span: use.key };
    const entries = new Map(
      [...item.entries].map(([key, entry]) => [key, { ...entry, via: entry.via ? { ...entry.via, via } : via }]),
    );
    base = base ? merge(base, { ...item, entries }) : { ...item, entries };
  }
  const own = withoutEntry(stage, 'use');
  return base ? merge(base, own) : own;
}

/** An axis is the same in every cell, so it cannot come by a variant, which is in some. */
function withoutNetworks(map: TreeMap, kind: StageKind, problems: Problems): TreeMap {
  const listed = map.entries.get('networks');
  if (!listed || !takesNetworks(kind)) return map;
  problems.at(listed.key, 'AXIS_NOT_ALLOWED', '`networks` stands in the stage itself, not in what it uses.', {
    help: 'It is an axis of its own: write it beside `use`.',
    ...(listed.via && { related: [{ message: listed.via.message, span: listed.via.span }] }),
  });
  return withoutEntry(map, 'networks');
}

function kindOf(
  name: string,
  key: Span,
  map: TreeMap,
  stageKinds: readonly StageKind[],
  problems: Problems,
): StageKind | undefined {
  const entry = map.entries.get('stage');
  const names = stageKinds.map((kind) => kind.kind);
  if (!entry) {
    problems.at(key, 'MISSING_KEY', `The stage \`${name}\` does not say its kind.`, {
      help: `Write \`stage: KIND\` with one of ${names.map((kind) => `\`${kind}\``).join(', ')}.`,
    });
    return undefined;
  }
  const { value } = entry;
  if (value.type === 'scalar' && value.refused) return undefined;
  const kind = value.type === 'scalar' ? stageKinds.find((candidate) => candidate.kind === value.value) : undefined;
  if (!kind)
    problems.in(
      value,
      'UNKNOWN_STAGE',
      `There is no stage kind ${value.type === 'scalar' ? `\`${value.value}\`` : described(value)}.`,
      {
        help: suggestion(value.type === 'scalar' ? String(value.value) : '', names, 'Stage kinds'),
      },
    );
  return kind;
}

function withShared(
  map: TreeMap,
  kind: StageKind,
  experiment: TreeMap,
  substitution: Substitution,
  problems: Problems,
): TreeMap {
  const entries = new Map(map.entries);
  for (const name of [...SHARED_KEYS, ...STEERING_KEYS]) {
    if (!STEERING_KEYS.includes(name) && !Object.hasOwn(kind.parameters.properties, name)) continue;
    const shared = experiment.entries.get(name);
    if (!shared) continue;
    const own = entries.get(name);
    // Deleting the shared value (`network: null`) leaves the stage's own default.
    if (own?.value.type === 'scalar' && own.value.value === null) entries.delete(name);
    else if (!own) entries.set(name, { ...shared, value: substitution.apply(shared.value) });
    else if (own.value.type === 'map') {
      // A map adds to what a shared name stands for; a name of the stage's own replaces what is shared.
      const below = withoutNames(substitution.apply(shared.value), kind.parameters.properties[name] ?? {}, problems);
      if (below.type === 'map' && sameKind(below, own.value))
        entries.set(name, { ...own, value: merge(below, own.value) });
    }
  }
  return { ...map, entries };
}

/** `network: { kind: resnet18 }` must not inherit the width of a shared `{ kind: convnet, width: 128 }`. */
function sameKind(below: TreeMap, own: TreeMap): boolean {
  const kind = get(own, 'kind');
  const other = get(below, 'kind');
  return !kind || (kind.type === 'scalar' && other?.type === 'scalar' && kind.value === other.value);
}

/**
 * Every axis on which a stage can depend, in any cell: those that it names, those that shared keys name, and those that
 * the variants of these name in turn. Cells that agree on them agree on the stage.
 */
export function reachableAxes(stage: Tree, experiment: TreeMap, variants: (axis: string) => readonly Tree[]): string[] {
  const reached = axesNamedIn(stage);
  for (const name of [...SHARED_KEYS, ...STEERING_KEYS]) {
    const shared = get(experiment, name);
    if (shared) axesNamedIn(shared, reached);
  }
  // A set grows while it is walked, and the walk reaches what was added.
  for (const axis of reached) for (const variant of variants(axis)) axesNamedIn(variant, reached);
  return [...reached].sort();
}
