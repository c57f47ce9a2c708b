/**
 * `$axis` as a whole scalar takes the cell's value of that axis; `$$` at the beginning writes a dollar. That is all of the
 * expression language.
 */
import { type Axis, type Combination, cellName } from './matrix.ts';
import { suggestion } from './nearest.ts';
import type { Problems } from './problems.ts';
import type { Entry, Scalar, Tree, TreeMap } from './tree.ts';

/** The axis that a scalar names. */
export function axisNamed(tree: Tree): string | undefined {
  if (tree.type !== 'scalar' || typeof tree.value !== 'string') return undefined;
  return /^\$([A-Za-z_][A-Za-z0-9_-]*(?:\.network)?)$/.exec(tree.value)?.[1];
}

const mentions = new WeakMap<Tree, boolean>();

/** Whether a dollar is anywhere in it; the answer is kept, since most of an experiment has none. */
function mentionsDollar(tree: Tree): boolean {
  if (tree.type === 'scalar') return typeof tree.value === 'string' && tree.value.startsWith('$');
  let answer = mentions.get(tree);
  if (answer === undefined) {
    answer =
      tree.type === 'list'
        ? tree.items.some(mentionsDollar)
        : [...tree.entries.values()].some((entry) => mentionsDollar(entry.value));
    mentions.set(tree, answer);
  }
  return answer;
}

export class Substitution {
  readonly #cell: Combination;
  readonly #axes: readonly Axis[];
  readonly #problems: Problems;
  /** Axes that were really named. */
  readonly used = new Set<string>();

  constructor(cell: Combination, axes: readonly Axis[], problems: Problems) {
    this.#cell = cell;
    this.#axes = axes;
    this.#problems = problems;
  }

  /** `open` holds the axes whose values are being read, so that two that name each other are found. */
  apply(tree: Tree, open: readonly string[] = []): Tree {
    if (!mentionsDollar(tree)) return tree;
    if (tree.type === 'list') return { ...tree, items: tree.items.map((item) => this.apply(item, open)) };
    if (tree.type === 'map') return this.applyToMap(tree, open);
    const name = axisNamed(tree);
    if (name !== undefined) return this.#value(name, tree, open);
    const text = String(tree.value);
    if (text.startsWith('$$')) return { ...tree, value: text.slice(1) };
    if (!text.startsWith('${')) return tree;
    this.#problems.in(tree, 'BAD_REFERENCE', `\`${text}\` is no reference: there is no expression language.`, {
      help: 'Write `$axis` for the value of an axis, `$$` for a dollar.',
    });
    return { ...tree, refused: true };
  }

  applyToMap(map: TreeMap, open: readonly string[] = []): TreeMap {
    if (!mentionsDollar(map)) return map;
    const entries = new Map<string, Entry>();
    for (const [key, entry] of map.entries) entries.set(key, { ...entry, value: this.apply(entry.value, open) });
    return { ...map, entries };
  }

  #value(name: string, reference: Scalar, open: readonly string[]): Tree {
    this.used.add(name);
    const option = this.#cell.get(name);
    const refused = { ...reference, refused: true };
    if (!option) {
      this.#missing(name, reference);
      return refused;
    }
    if (open.includes(name)) {
      const circle = [...open.slice(open.indexOf(name)), name].map((axis) => `\`$${axis}\``).join(' → ');
      this.#problems.in(reference, 'CYCLE', `The values of axes name each other in a circle: ${circle}.`);
      return refused;
    }
    const value = this.apply(option.value, [...open, name]);
    const via = { message: `used here as \`$${name}\``, span: reference.span, ...(value.via && { via: value.via }) };
    return { ...value, via };
  }

  #missing(name: string, reference: Scalar): void {
    const names = this.#axes.map((axis) => axis.name);
    if (names.includes(name))
      this.#problems.in(
        reference,
        'NO_VALUE',
        `The axis \`${name}\` has no value in the cell ${cellName(this.#cell)}.`,
        {
          help: 'It is only set by `include`; give it a value for this cell too.',
        },
      );
    else
      this.#problems.in(reference, 'UNKNOWN_AXIS', `\`$${name}\` names no axis of the matrix.`, {
        help: suggestion(name, names, 'Axes') ?? 'Write `$$` for a dollar.',
      });
  }
}

/** The axes that a tree names, not looking into the axes' own values. */
export function axesNamedIn(tree: Tree, into = new Set<string>()): Set<string> {
  if (!mentionsDollar(tree)) return into;
  const name = axisNamed(tree);
  if (name !== undefined) into.add(name);
  else if (tree.type === 'list') for (const item of tree.items) axesNamedIn(item, into);
  else if (tree.type === 'map') for (const entry of tree.entries.values()) axesNamedIn(entry.value, into);
  return into;
}
