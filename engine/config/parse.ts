/**
 * YAML 1.2 text → tree with places. Refuses what reads differently from what it looks like: digits lost beyond 2^53, octal
 * numbers, infinities, duplicate keys, alias bombs. Every error of the file is reported, not only the first.
 */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml';
import { suggestion } from './nearest.ts';
import { refuseNumber } from './numbers.ts';
import type { Problems } from './problems.ts';
import type { Source } from './source.ts';
import type { Entry, Span, Tree, TreeMap } from './tree.ts';
import { MAX_DEPTH, readDocument, tooDeepHelp } from './yaml-document.ts';

/** A method section is a few kilobytes; a megabyte is some other file. */
const MAX_CHARACTERS = 1 << 20;
/** Values that aliases may add; enough for any grid, too few for a bomb. */
const MAX_ALIASED = 100_000;

/**
 * Undefined when the text holds no value at all, or cannot be read as YAML. `text` has the length of the source's where it
 * is not the source's own.
 */
export function parseYaml(source: Source, problems: Problems, text = source.text): Tree | undefined {
  if (text.length > MAX_CHARACTERS) {
    problems.file(source.name, 'FILE_TOO_LARGE', `The file has ${text.length.toLocaleString('en-US')} characters.`, {
      help: 'Expected an experiment of at most 1 MiB.',
    });
    return undefined;
  }
  const before = problems.count;
  const document = readDocument(source, text, problems);
  if (!document) return undefined;
  const contents = document.contents;
  if (contents === null || (isScalar(contents) && contents.value === null && !contents.source)) return undefined;
  const tree = new Converter(source, problems).node(contents, { source, start: 0, end: 1 });
  return problems.count > before && document.errors.length > 0 ? undefined : tree;
}

class Converter {
  readonly #source: Source;
  readonly #problems: Problems;
  /** Filled in document order: an alias means the nearest anchor before it. Undefined while the anchored value is open. */
  readonly #anchors = new Map<string, Tree | undefined>();
  readonly #sizes = new WeakMap<Tree, number>();
  #aliased = 0;
  #depth = 0;

  constructor(source: Source, problems: Problems) {
    this.#source = source;
    this.#problems = problems;
  }

  /** `owner` is where to point when there is nothing to point at: an empty value has no characters. */
  node(node: Node | null | unknown, owner: Span): Tree {
    if (isAlias(node)) return this.#alias(node.source, this.#span(node, owner));
    const anchor = (isMap(node) || isSeq(node) || isScalar(node)) && node.anchor ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, undefined);
    this.#depth += 1;
    const tree = this.#depth > MAX_DEPTH ? this.#tooDeep(node, owner) : this.#plain(node, owner);
    this.#depth -= 1;
    if (anchor !== undefined) this.#anchors.set(anchor, tree);
    return tree;
  }

  #tooDeep(node: unknown, owner: Span): Tree {
    const { source, start } = this.#span(node, owner);
    const span = { source, start, end: start + 1 };
    this.#problems.at(span, 'NESTED_TOO_DEEP', 'This is nested too deeply.', { help: tooDeepHelp });
    return nothingAt(owner);
  }

  #plain(node: unknown, owner: Span): Tree {
    if (isMap(node)) return this.#map(node.items, this.#span(node, owner));
    if (isSeq(node)) {
      const span = this.#span(node, owner);
      return this.#sized({ type: 'list', span, items: node.items.map((item) => this.node(item, span)) });
    }
    if (!isScalar(node)) return { type: 'scalar', span: owner, value: null, text: '', quoted: false };
    const text = node.source ?? '';
    const quoted = node.type !== 'PLAIN';
    const span = text === '' && !quoted ? owner : this.#span(node, owner);
    const value = node.value;
    const refused = quoted ? undefined : refuseNumber(text, value);
    if (refused) this.#problems.at(span, refused.code, refused.message, { help: refused.help });
    if (typeof value === 'string' && !wellFormed(value)) return this.#halfCharacter(span);
    if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string')
      return { type: 'scalar', span, value, text, quoted, ...(refused && { refused: true }) };
    this.#problems.at(span, 'YAML_SYNTAX', 'Expected text, a number, true or false.');
    return nothingAt(span);
  }

  #halfCharacter(span: Span): Tree {
    const help = 'Characters beyond U+FFFF are written `"\\U0001F9EA"`.';
    this.#problems.at(span, 'HALF_CHARACTER', 'The text has one half of a surrogate pair, which is no character.', {
      help,
    });
    return nothingAt(span);
  }

  #map(pairs: readonly Pair[], span: Span): TreeMap {
    const entries = new Map<string, Entry>();
    const merged: { tree: Tree; key: Span }[] = [];
    for (const pair of pairs) {
      const key = this.#key(pair.key, span);
      if (!key) continue;
      const value = this.node(pair.value, key.span);
      const first = entries.get(key.name);
      if (key.name === '<<') merged.push({ tree: value, key: key.span });
      else if (first) {
        const related = [{ message: 'first written here', span: first.key }];
        this.#problems.at(key.span, 'DUPLICATE_KEY', `The key \`${key.name}\` is written twice.`, { related });
      } else entries.set(key.name, { key: key.span, value });
    }
    for (const { tree, key } of merged) this.#mergeInto(entries, tree, key);
    return this.#sized({ type: 'map', span, entries });
  }

  #key(node: unknown, owner: Span): { name: string; span: Span } | undefined {
    const span = this.#span(node, owner);
    if (isScalar(node) && node.value !== '__proto__') {
      const name = node.type === 'PLAIN' ? (node.source ?? '') : String(node.value);
      if (!wellFormed(name)) {
        this.#halfCharacter(span);
        return undefined;
      }
      if (isScalar(node) && node.anchor)
        this.#anchors.set(node.anchor, { type: 'scalar', span, value: name, text: name, quoted: true });
      return { name, span };
    }
    this.#problems.at(span, 'BAD_KEY', 'Expected a key to be a name.');
    return undefined;
  }

  /** `<<: *base` or a list of them: keys that are there already win, and earlier maps win over later ones. */
  #mergeInto(entries: Map<string, Entry>, tree: Tree, key: Span): void {
    for (const map of tree.type === 'list' ? tree.items : [tree]) {
      if (map.type !== 'map') {
        this.#problems.at(key, 'BAD_MERGE', 'Expected `<<` to name a map, e.g. `<<: *common`.');
        continue;
      }
      const via = { message: 'merged in here', span: key };
      for (const [name, entry] of map.entries) if (!entries.has(name)) entries.set(name, { ...entry, via });
    }
  }

  #alias(name: string, span: Span): Tree {
    if (!this.#anchors.has(name)) {
      const help = suggestion(name, [...this.#anchors.keys()], 'Anchors before this line');
      this.#problems.at(span, 'UNKNOWN_ALIAS', `There is no anchor \`&${name}\` before this line.`, { help });
      return nothingAt(span);
    }
    const tree = this.#anchors.get(name);
    if (!tree) {
      this.#problems.at(span, 'CYCLE', `The alias \`*${name}\` stands inside the value that it repeats.`);
      return nothingAt(span);
    }
    const bomb = this.#aliased > MAX_ALIASED;
    this.#aliased += this.#sizes.get(tree) ?? 1;
    if (this.#aliased <= MAX_ALIASED) {
      const copy: Tree = { ...tree, via: { message: `used here as \`*${name}\``, span } };
      this.#sizes.set(copy, this.#sizes.get(tree) ?? 1);
      return copy;
    }
    if (!bomb)
      this.#problems.at(
        span,
        'ALIAS_BOMB',
        `Aliases repeat more than ${MAX_ALIASED.toLocaleString('en-US')} values up to here.`,
        {
          help: 'Write the values out, or split the experiment.',
        },
      );
    return nothingAt(span);
  }

  #sized<T extends Tree>(tree: T): T {
    const inner =
      tree.type === 'list' ? tree.items : tree.type === 'map' ? [...tree.entries.values()].map((e) => e.value) : [];
    this.#sizes.set(
      tree,
      inner.reduce((sum, item) => sum + (this.#sizes.get(item) ?? 1), 1),
    );
    return tree;
  }

  #span(node: unknown, owner: Span): Span {
    const range = (node as { range?: readonly number[] } | null)?.range;
    if (!range) return owner;
    const [start = 0, end = 0] = range;
    return { source: this.#source, start, end: Math.max(end, start + 1) };
  }
}

/** A lone surrogate has no UTF-8 form, so it could neither be hashed nor written down. */
function wellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** Stands for what cannot be read; an error about it is reported already. */
function nothingAt(span: Span): Tree {
  return { type: 'scalar', span, value: null, text: '', quoted: false, refused: true };
}
