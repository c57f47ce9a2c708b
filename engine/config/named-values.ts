/**
 * Names that stand for whole maps: where the schema of a parameter has `named`, `network: ConvNetD4` is the map that the
 * name means, as if it had been written out in its place, so nothing behind this file knows of names. They are found as
 * they are spelled or in lower case, which is what an editor is told too.
 */
import type { Json, JsonObject } from '../../base/json.ts';
import { isObject, propertiesOf } from '../plan/defaults.ts';
import { nearestOnes } from './nearest.ts';
import type { Problems } from './problems.ts';
import { described, type Entry, type Scalar, type Span, type Tree, type TreeMap } from './tree.ts';

export interface Names {
  /** What they name, for sentences: `network`. */
  readonly what: string;
  readonly values: Readonly<Record<string, JsonObject>>;
}

export function namesOf(schema: JsonObject | undefined): Names | undefined {
  return schema && isObject(schema.named) ? (schema.named as unknown as Names) : undefined;
}

/** The tree with every name replaced by what it stands for; a name that is none is reported and marked as refused. */
export function withoutNames(tree: Tree, schema: JsonObject, problems: Problems): Tree {
  const names = namesOf(schema);
  if (names && tree.type === 'scalar' && typeof tree.value === 'string' && !tree.refused)
    return meant(tree, tree.value, names, problems);
  if (names && tree.type === 'list') {
    problems.in(tree, 'WRONG_TYPE', `Expected one ${names.what}, but found ${described(tree)}.`, {
      help: `\`${names.what}s: [A, B]\` in a stage takes one after the other.`,
    });
    return { type: 'scalar', span: tree.span, value: null, text: '', quoted: false, refused: true };
  }
  const inner = propertiesOf(schema);
  if (tree.type === 'map' && inner) return insideMap(tree, inner, problems);
  if (tree.type === 'list' && isObject(schema.items)) {
    const items = schema.items;
    return { ...tree, items: tree.items.map((item) => withoutNames(item, items, problems)) };
  }
  return tree;
}

function insideMap(map: TreeMap, properties: Readonly<Record<string, JsonObject>>, problems: Problems): TreeMap {
  let changed = false;
  const entries = new Map<string, Entry>();
  for (const [key, entry] of map.entries) {
    const schema = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const value = schema ? withoutNames(entry.value, schema, problems) : entry.value;
    changed ||= value !== entry.value;
    entries.set(key, value === entry.value ? entry : { ...entry, value });
  }
  return changed ? { ...map, entries } : map;
}

function meant(tree: Scalar, name: string, { what, values }: Names, problems: Problems): Tree {
  const known = Object.keys(values).find((one) => one === name || one.toLowerCase() === name);
  if (known !== undefined)
    return { ...treeAt(values[known] as JsonObject, tree.span), ...(tree.via && { via: tree.via }) };
  const near = nearestOnes(name, Object.keys(values), 3).map((one) => `\`${one}\``);
  problems.in(tree, 'UNKNOWN_NAME', `There is no ${what} \`${name}\`.`, {
    help:
      near.length > 0
        ? `Did you mean ${near.join(' or ')}?`
        : `Write a map such as \`{ kind: … }\`, or a name: \`retort stages KIND\` lists them.`,
  });
  return { ...tree, refused: true };
}

/** A value as if it were written where the name is: errors about any part of it point at the name. */
function treeAt(value: Json, span: Span): Tree {
  if (Array.isArray(value)) return { type: 'list', span, items: value.map((item) => treeAt(item, span)) };
  if (isObject(value))
    return {
      type: 'map',
      span,
      entries: new Map(Object.entries(value).map(([key, inner]) => [key, { key: span, value: treeAt(inner, span) }])),
    };
  return {
    type: 'scalar',
    span,
    value: value as Scalar['value'],
    text: String(value),
    quoted: typeof value === 'string',
  };
}
