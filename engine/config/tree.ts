/**
 * A value of an experiment together with where it was written. Files, `extends`, overrides and the matrix all work on
 * these trees, so that a place is never lost on the way: an error in a merged or substituted value still points at the
 * characters that somebody typed. Trees are immutable and shared.
 */
import type { Json } from '../../base/json.ts';
import type { Place } from './diagnostics.ts';
import type { Source } from './source.ts';

/** A range of a source, resolved to line and column only when an error is printed. */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** How a value got to its place when it is not simply written there: an alias, a merge, `$axis`. */
export interface Via {
  readonly message: string;
  readonly span: Span;
  readonly via?: Via;
}

interface Located {
  readonly span: Span;
  readonly via?: Via;
}

export interface Scalar extends Located {
  readonly type: 'scalar';
  readonly value: null | boolean | number | string;
  /** The token as typed, to tell `"10"` from `10` and `1_000` from a word. */
  readonly text: string;
  readonly quoted: boolean;
  /** An error about it is already reported; no second one. */
  readonly refused?: boolean;
}

export interface List extends Located {
  readonly type: 'list';
  readonly items: readonly Tree[];
}

export interface Entry {
  readonly key: Span;
  readonly value: Tree;
  readonly via?: Via;
}

export interface TreeMap extends Located {
  readonly type: 'map';
  readonly entries: ReadonlyMap<string, Entry>;
}

export type Tree = Scalar | List | TreeMap;

const plain = new WeakMap<Tree, Json>();

/** Trees are immutable, so the plain value of a shared one is made once. */
export function toJson(tree: Tree): Json {
  // `.inf` is reported where it is read, and is no JSON.
  if (tree.type === 'scalar')
    return typeof tree.value === 'number' && !Number.isFinite(tree.value) ? tree.text : tree.value;
  let value = plain.get(tree);
  if (value === undefined) {
    value =
      tree.type === 'list'
        ? tree.items.map(toJson)
        : Object.fromEntries([...tree.entries].map(([key, entry]) => [key, toJson(entry.value)]));
    plain.set(tree, value);
  }
  return value;
}

export interface Found {
  readonly tree: Tree;
  /** The key under which it stands; a list's items have none. */
  readonly key?: Span;
  readonly found: boolean;
  /** How it and everything around it got here. */
  readonly via: readonly { readonly message: string; readonly span: Span }[];
}

/** The value at a path, or the deepest one that exists. */
export function locate(root: Tree, path: readonly (string | number)[]): Found {
  let tree = root;
  let key: Span | undefined;
  const via = viaList(root.via);
  const end = (found: boolean): Found => ({ tree, ...(key && { key }), found, via });
  for (const step of path) {
    const entry = tree.type === 'map' ? tree.entries.get(String(step)) : undefined;
    const next = entry?.value ?? (tree.type === 'list' ? tree.items[Number(step)] : undefined);
    if (!next) return end(false);
    tree = next;
    key = entry?.key;
    via.push(...viaList(entry?.via), ...viaList(next.via));
  }
  return end(true);
}

function viaList(via: Via | undefined): { message: string; span: Span }[] {
  return via ? [{ message: via.message, span: via.span }, ...viaList(via.via)] : [];
}

export function get(tree: Tree | undefined, key: string): Tree | undefined {
  return tree?.type === 'map' ? tree.entries.get(key)?.value : undefined;
}

export function withEntry(map: TreeMap, name: string, entry: Entry): TreeMap {
  return { ...map, entries: new Map(map.entries).set(name, entry) };
}

export function withoutEntry(map: TreeMap, name: string): TreeMap {
  const entries = new Map(map.entries);
  entries.delete(name);
  return { ...map, entries };
}

/** Deep merge: maps merge, everything else replaces, `null` deletes what the base has. */
export function merge(base: TreeMap, over: TreeMap): TreeMap {
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const below = entries.get(key);
    if (below && entry.value.type === 'scalar' && entry.value.value === null) entries.delete(key);
    else if (below?.value.type === 'map' && entry.value.type === 'map')
      entries.set(key, { ...entry, value: merge(below.value, entry.value) });
    else entries.set(key, entry);
  }
  return { ...over, entries };
}

export function placeOf(span: Span): Place {
  return span.source.place(span.start, span.end);
}

/** `a list`, `a map`, `the text "x"`: what was found, for a message. */
export function described(tree: Tree): string {
  if (tree.type === 'list') return tree.items.length === 0 ? 'an empty list' : 'a list';
  if (tree.type === 'map') return tree.entries.size === 0 ? 'an empty map' : 'a map';
  if (tree.value === null) return 'nothing';
  if (typeof tree.value === 'string') return `the text ${JSON.stringify(shortened(tree.value))}`;
  return `${tree.value}`;
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
