/**
 * `matrix` → the cells of the grid. As in GitHub Actions, because people know it: the product of the axes, the first one
 * varying slowest; `zip` lists run in parallel and count as one factor; `exclude` takes cells away by partial match; then
 * each `include` entry extends the cells that it does not contradict, or adds a cell.
 *
 * Long because axes, `exclude` and `include` check and read the same values by the same rules.
 */
import { canonicalJson } from '../../base/canonical-json.ts';
import { suggestion } from './nearest.ts';
import type { Problems } from './problems.ts';
import { described, type Entry, type Span, type Tree, type TreeMap, toJson } from './tree.ts';

/** A value of an axis; its label is what tables and node names show. */
export interface Option {
  readonly label: string;
  readonly value: Tree;
}

export interface Axis {
  readonly name: string;
  readonly key: Span;
  /** Named variants are chosen by name, listed values by value. */
  readonly variants: boolean;
  /** Not of the matrix: a list of networks in a stage (`network-axes.ts`). Only what depends on it stands at its values. */
  readonly ofStage?: boolean;
  readonly options: readonly Option[];
}

/** One cell: axis → option, in the order of the axes. */
export type Combination = ReadonlyMap<string, Option>;

export interface Grid {
  readonly axes: readonly Axis[];
  readonly cells: readonly Combination[];
}

/** Nobody runs more; a slip of the pen must not fill the memory. */
const MAX_CELLS = 100_000;
export const RESERVED_AXES = ['exclude', 'include', 'zip'];
export const AXIS_NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** `ofStages`: axes that stages bring along; they vary fastest. */
export function expandMatrix(matrix: Tree | undefined, problems: Problems, ofStages: readonly Axis[] = []): Grid {
  const brought = ofStages.map((axis) => ({ axes: [axis], choices: axis.options.map((option) => [option]) }));
  if (!matrix) return { axes: ofStages, cells: productOf(brought) };
  // The schema of the top level has reported it.
  if (matrix.type !== 'map') return { axes: [], cells: [] };
  const before = problems.count;
  const factors = [...factorsOf(matrix, problems), ...brought];
  const axes = factors.flatMap((factor) => factor.axes);
  refuseTwins(axes, problems);
  const size = factors.reduce((product, factor) => product * factor.choices.length, 1);
  if (size > MAX_CELLS)
    problems.in(matrix, 'GRID_TOO_LARGE', `The matrix has ${size.toLocaleString('en-US')} cells.`, {
      help: `Expected at most ${MAX_CELLS.toLocaleString('en-US')}.`,
    });
  const exclude = entriesOf(matrix, 'exclude', problems);
  const include = entriesOf(matrix, 'include', problems);
  for (const entry of exclude) checkExclude(entry, axes, problems);
  for (const entry of include) checkInclude(entry, axes, problems);
  if (problems.count > before) return { axes, cells: [] };

  const kept = productOf(factors).filter((cell) => !exclude.some((entry) => matches(entry, cell)));
  const cells = includeInto(kept, include, axes);
  if (cells.length === 0)
    problems.in(
      matrix.entries.get('exclude')?.value ?? matrix,
      'EMPTY_GRID',
      'The matrix has no cells: every one is excluded.',
    );
  const all = withIncluded(axes, include);
  return { axes: all, cells: cells.map((cell) => inOrder(cell, all)) };
}

interface Factor {
  readonly axes: readonly Axis[];
  /** Each choice sets all the axes of the factor: one for a plain axis, several for `zip`. */
  readonly choices: readonly (readonly Option[])[];
}

function factorsOf(matrix: TreeMap, problems: Problems): Factor[] {
  const factors: Factor[] = [];
  for (const [name, entry] of matrix.entries) {
    if (name === 'zip') factors.push(...zipFactors(entry.value, problems));
    else if (!RESERVED_AXES.includes(name)) {
      const axis = axisOf(name, entry, problems);
      if (axis) factors.push({ axes: [axis], choices: axis.options.map((option) => [option]) });
    }
  }
  return factors;
}

function axisOf(name: string, entry: Entry, problems: Problems): Axis | undefined {
  if (!AXIS_NAME.test(name))
    problems.at(
      entry.key,
      'BAD_NAME',
      `Expected an axis to be named by letters, digits, \`_\` and \`-\`, got \`${name}\`.`,
    );
  return axisFrom(name, entry, problems);
}

/** `called`: what sentences call it, and the key under which it is written. */
export function axisFrom(
  name: string,
  { key, value }: Entry,
  problems: Problems,
  called = { words: `the axis \`${name}\``, key: name },
): Axis | undefined {
  const what = called.words;
  if (value.type === 'scalar') {
    problems.in(
      value,
      'WRONG_TYPE',
      `Expected ${what} to be a list of values or a map of named variants, but found ${described(value)}.`,
      {
        help: `Write [${value.text || '…'}].`,
      },
    );
    return undefined;
  }
  const options =
    value.type === 'map'
      ? [...value.entries].map(([label, inner]) => ({ label, value: inner.value }))
      : value.items.map((item) => optionOf(item));
  if (options.length === 0) {
    problems.in(value, 'EMPTY_AXIS', `${what[0]?.toUpperCase()}${what.slice(1)} has no values.`);
    return undefined;
  }
  const seen = new Map<string, Option>();
  for (const option of options) {
    if (value.type === 'list' && option.value.type === 'map')
      problems.in(option.value, 'UNNAMED_VARIANT', `A map as a value of ${what} needs a name.`, {
        help: `Write a map of named variants: \`${called.key}: { first: { … }, second: { … } }\`.`,
      });
    const first = seen.get(option.label);
    if (first)
      problems.in(option.value, 'DUPLICATE_VALUE', `The axis \`${name}\` has the value \`${option.label}\` twice.`, {
        related: [{ message: 'first written here', span: first.value.span }],
      });
    seen.set(option.label, option);
  }
  return { name, key, variants: value.type === 'map', options };
}

function optionOf(value: Tree): Option {
  return { label: labelOf(value), value };
}

/** How tables and node names show a value: text as it is, everything else as JSON. */
export function labelOf(value: Tree): string {
  // `.nan` is reported already, and no JSON.
  if (value.type === 'scalar' && value.refused) return value.text;
  const json = toJson(value);
  return typeof json === 'string' ? json : canonicalJson(json);
}

function zipFactors(zip: Tree, problems: Problems): Factor[] {
  return (zip.type === 'list' ? zip.items : [zip]).flatMap((group) => {
    if (group.type !== 'map') {
      problems.in(
        group,
        'WRONG_TYPE',
        `Expected \`zip\` to be a map of axes of equal length, but found ${described(group)}.`,
      );
      return [];
    }
    const axes = [...group.entries].flatMap(([name, entry]) => axisOf(name, entry, problems) ?? []);
    const [first, ...others] = axes;
    if (!first) return [];
    for (const axis of others)
      if (axis.options.length !== first.options.length)
        problems.at(
          axis.key,
          'ZIP_LENGTH',
          `\`zip\` pairs values one by one, but \`${axis.name}\` has ${axis.options.length}.`,
          {
            related: [{ message: `\`${first.name}\` has ${first.options.length}`, span: first.key }],
          },
        );
    const choices = first.options.map((_, index) => axes.flatMap((axis) => axis.options[index] ?? []));
    return [{ axes, choices }];
  });
}

function refuseTwins(axes: readonly Axis[], problems: Problems): void {
  for (const [index, axis] of axes.entries()) {
    const first = axes.slice(0, index).find((other) => other.name === axis.name);
    if (first)
      problems.at(axis.key, 'DUPLICATE_KEY', `The axis \`${axis.name}\` is written twice.`, {
        related: [{ message: 'first written here', span: first.key }],
      });
  }
}

function productOf(factors: readonly Factor[]): Combination[] {
  let cells: (readonly [string, Option])[][] = [[]];
  for (const { axes, choices } of factors)
    cells = cells.flatMap((cell) =>
      choices.map((choice) => [...cell, ...choice.map((option, at) => [(axes[at] as Axis).name, option] as const)]),
    );
  return cells.map((cell) => new Map(cell));
}

function entriesOf(matrix: TreeMap, key: string, problems: Problems): TreeMap[] {
  const value = matrix.entries.get(key)?.value;
  if (!value) return [];
  if (value.type !== 'list') {
    problems.in(value, 'WRONG_TYPE', `Expected \`${key}\` to be a list of maps, but found ${described(value)}.`);
    return [];
  }
  return value.items.flatMap((item) => {
    if (item.type === 'map' && item.entries.size > 0) return [item];
    const help = `Write e.g. \`- { axis: value }\`.`;
    problems.in(
      item,
      'WRONG_TYPE',
      `Expected an entry of \`${key}\` to be a map from axes to values, but found ${described(item)}.`,
      { help },
    );
    return [];
  });
}

function checkExclude(entry: TreeMap, axes: readonly Axis[], problems: Problems): void {
  for (const [name, { key, value }] of entry.entries) {
    const axis = axes.find((candidate) => candidate.name === name);
    if (!axis) {
      const help = suggestion(
        name,
        axes.map((candidate) => candidate.name),
        'Axes',
      );
      problems.at(key, 'UNKNOWN_AXIS', `\`exclude\` names \`${name}\`, which is no axis of the matrix.`, { help });
    } else checkValue(axis, value, 'exclude', problems);
  }
}

function checkInclude(entry: TreeMap, axes: readonly Axis[], problems: Problems): void {
  for (const [name, { key, value }] of entry.entries) {
    const axis = axes.find((candidate) => candidate.name === name);
    if (axis?.variants) checkValue(axis, value, 'include', problems);
    else if (!axis && (RESERVED_AXES.includes(name) || !AXIS_NAME.test(name)))
      problems.at(
        key,
        'BAD_NAME',
        `Expected an axis to be named by letters, digits, \`_\` and \`-\`, got \`${name}\`.`,
      );
  }
}

function checkValue(axis: Axis, value: Tree, where: string, problems: Problems): void {
  if (axis.options.some((option) => isOption(option, value))) return;
  const labels = axis.options.map((option) => option.label);
  problems.in(
    value,
    'UNKNOWN_VALUE',
    `\`${where}\` names \`${optionOf(value).label}\`, which is no value of the axis \`${axis.name}\`.`,
    {
      help: suggestion(optionOf(value).label, labels, 'Values'),
    },
  );
}

/** A variant is written by its name, a listed value as itself; equal texts are equal labels. */
function isOption(option: Option, value: Tree): boolean {
  return optionOf(value).label === option.label;
}

function matches(entry: TreeMap, cell: Combination): boolean {
  return [...entry.entries].every(([name, { value }]) => {
    const option = cell.get(name);
    return option !== undefined && isOption(option, value);
  });
}

function includeInto(kept: readonly Combination[], include: readonly TreeMap[], axes: readonly Axis[]): Combination[] {
  const cells = kept.map((cell) => new Map(cell));
  const originals = cells.length;
  const isAxis = (name: string): boolean => axes.some((axis) => axis.name === name);
  for (const entry of include) {
    const pairs = [...entry.entries].map(([name, { value }]) => [name, includedOption(name, value, axes)] as const);
    const matching = cells
      .slice(0, originals)
      .filter((cell) => pairs.every(([name, option]) => !isAxis(name) || cell.get(name)?.label === option.label));
    // An entry that only repeats axes of the grid adds nothing to a cell that has them.
    for (const cell of matching) for (const [name, option] of pairs) cell.set(name, option);
    if (matching.length === 0) cells.push(...atEveryValue(new Map(pairs), axes));
  }
  return cells;
}

/** A cell of its own names no networks of stages unless it wants few: it has them all. */
function atEveryValue(cell: Map<string, Option>, axes: readonly Axis[]): Map<string, Option>[] {
  const open = axes.filter(({ name, ofStage }) => ofStage && !cell.has(name));
  const rest = productOf(open.map((axis) => ({ axes: [axis], choices: axis.options.map((option) => [option]) })));
  return rest.map((more) => new Map([...cell, ...more]));
}

function includedOption(name: string, value: Tree, axes: readonly Axis[]): Option {
  const axis = axes.find((candidate) => candidate.name === name);
  return axis?.options.find((option) => isOption(option, value)) ?? optionOf(value);
}

/** `include` may add axes, and values to axes of listed values. */
function withIncluded(axes: readonly Axis[], include: readonly TreeMap[]): Axis[] {
  const all = new Map(axes.map((axis) => [axis.name, axis]));
  for (const [name, { key, value }] of include.flatMap((entry) => [...entry.entries])) {
    const axis = all.get(name) ?? { name, key, variants: false, options: [] };
    const known = axis.options.some((option) => isOption(option, value));
    all.set(name, known ? axis : { ...axis, options: [...axis.options, optionOf(value)] });
  }
  return [...all.values()];
}

function inOrder(cell: Combination, axes: readonly Axis[]): Combination {
  return new Map(axes.flatMap(({ name }) => (cell.has(name) ? [[name, cell.get(name) as Option]] : [])));
}

export function cellName(cell: Combination): string {
  return [...cell].map(([axis, option]) => `${axis}=${option.label}`).join(', ');
}
