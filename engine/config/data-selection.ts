/**
 * `data` of an experiment: which set, and which part of it. Classes are checked against the names that the set is known
 * to have, numbers of images against its files where they are found. What comes out is one name (`data/selection.ts`),
 * equal for equal parts however they were written.
 */
import type { DataSetFacts, DataSummary } from '../../data/data-set.ts';
import { dataSetFacts } from '../../data/registry.ts';
import { type DataSelection, nameOfPart } from '../../data/selection.ts';
import { nearestOnes, suggestion } from './nearest.ts';
import type { Problems } from './problems.ts';
import { type Found, get, locate, type Tree, type TreeMap } from './tree.ts';

export interface SelectedData {
  readonly name: string;
  /** Of the part, where the files are found. */
  readonly summary?: DataSummary | undefined;
}

/** Of an experiment whose top level has passed its schema; undefined where something is wrong. */
export function selectedData(
  experiment: TreeMap,
  summaryOf: ((name: string) => DataSummary | undefined) | undefined,
  problems: Problems,
): SelectedData | undefined {
  const set = textOf(get(get(experiment, 'data'), 'set'));
  const at = (...path: (string | number)[]): Found => locate(experiment, ['data', ...path]);
  const before = problems.count;
  const whole = summaryOf?.(set);
  const facts = whole ?? dataSetFacts(set);
  const classes = classesOf(at('classes'), facts, problems);
  const [train, perClass] = [numberAt(at('train')), numberAt(at('trainPerClass'))];
  const normalisation = at('normalisation').found ? textOf(at('normalisation').tree) : undefined;
  checkNormalisation(at('normalisation'), normalisation, dataSetFacts(set), problems);
  if (train !== undefined && perClass !== undefined)
    problems.found(at('trainPerClass'), 'key', 'RULE', '`data` has both `train` and `trainPerClass`.', {
      help: 'Leave one of them out.',
    });
  if (whole) checkCounts(whole, classes, at, { train, perClass }, problems);
  if (problems.count > before) return undefined;
  const available = whole && countsOf(whole, classes);
  const all = (available ?? []).reduce((sum, count) => sum + count, 0);
  const selection: DataSelection = {
    ...(classes && !isWhole(classes, facts) && { classes }),
    ...(train !== undefined && train !== all && { train }),
    ...(perClass !== undefined && !available?.every((count) => count === perClass) && { trainPerClass: perClass }),
    ...(normalisation !== undefined && { normalisation }),
  };
  const name = nameOfPart(set, selection);
  const summary = name === set ? whole : whole && summaryOf?.(name);
  const empty = summary && summary !== whole ? summary.perClass.indexOf(0) : -1;
  if (empty >= 0) {
    const named = summary?.classNames[empty] ?? empty;
    problems.found(
      at('train'),
      'value',
      'RULE',
      `None of the first ${train} training images is of class \`${named}\`.`,
      {
        help: 'Take more of them, or write `trainPerClass`.',
      },
    );
    return undefined;
  }
  return { name, summary };
}

function classesOf(found: Found, facts: DataSetFacts | undefined, problems: Problems): number[] | undefined {
  if (!found.found || found.tree.type !== 'list') return undefined;
  const first = new Map<number, Tree>();
  return found.tree.items.map((item) => {
    const label = labelOf(item, facts, problems);
    const other = first.get(label);
    if (other && label >= 0)
      problems.in(item, 'DUPLICATE_VALUE', `The class \`${nameOf(label, facts)}\` is named twice.`, {
        related: [{ message: 'first named here', span: other.span }],
      });
    if (!other) first.set(label, item);
    return label;
  });
}

/** -1 for what is no class; the reason is in `problems`. */
function labelOf(item: Tree, facts: DataSetFacts | undefined, problems: Problems): number {
  if (item.type !== 'scalar') return -1;
  const { value } = item;
  if (typeof value === 'number') {
    if (!facts || value < facts.classes) return value;
    problems.in(item, 'UNKNOWN_CLASS', `${facts.title} has no class ${value}.`, {
      help: `Its classes are numbered from 0 to ${facts.classes - 1}.`,
    });
    return -1;
  }
  const name = String(value);
  const names = facts?.classNames ?? [];
  const label = names.findIndex((known) => known === name || known.toLowerCase() === name.toLowerCase());
  if (label >= 0) return label;
  const near = nearestOnes(name, names, 3).map((known) => `\`${known}\``);
  problems.in(item, 'UNKNOWN_CLASS', `${facts?.title ?? 'The data set'} has no class \`${name}\`.`, {
    help:
      names.length === 0
        ? 'The names of its classes are in its files, which are not found: write numbers, or give their folder with --data DIR.'
        : near.length > 0
          ? `Did you mean ${near.join(' or ')}?`
          : suggestion(name, names, 'Classes'),
  });
  return -1;
}

function checkNormalisation(
  found: Found,
  name: string | undefined,
  facts: DataSetFacts | undefined,
  problems: Problems,
): void {
  const known = Object.keys(facts?.normalisations ?? {});
  if (name === undefined || !facts || known.includes(name)) return;
  problems.found(found, 'value', 'UNKNOWN_VALUE', `${facts.title} has no other constants called \`${name}\`.`, {
    help: known.length === 0 ? 'It has none but its own: leave the key out.' : suggestion(name, known, 'There are'),
  });
}

function checkCounts(
  whole: DataSummary,
  classes: readonly number[] | undefined,
  at: (...path: string[]) => Found,
  { train, perClass }: { train: number | undefined; perClass: number | undefined },
  problems: Problems,
): void {
  const counts = countsOf(whole, classes);
  const all = counts.reduce((sum, count) => sum + count, 0);
  const of = classes ? `these classes of ${whole.title} have` : `${whole.title} has`;
  if (train !== undefined && train > all)
    problems.found(at('train'), 'value', 'RULE', `${train} training images are wanted, but ${of} ${all}.`);
  const least = Math.min(...counts);
  if (perClass === undefined || perClass <= least) return;
  const label = (classes ?? counts.map((_, index) => index))[counts.indexOf(least)] ?? 0;
  problems.found(
    at('trainPerClass'),
    'value',
    'RULE',
    `${perClass} training images of each class are wanted, but \`${nameOf(label, whole)}\` has ${least}.`,
  );
}

function countsOf({ perClass }: DataSummary, classes: readonly number[] | undefined): readonly number[] {
  return classes ? classes.map((label) => perClass[label] ?? 0) : perClass;
}

function isWhole(classes: readonly number[], facts: DataSetFacts | undefined): boolean {
  return classes.length === facts?.classes && classes.every((label, index) => label === index);
}

function nameOf(label: number, facts: DataSetFacts | undefined): string {
  return facts?.classNames[label] ?? String(label);
}

function numberAt(found: Found): number | undefined {
  return found.found && found.tree.type === 'scalar' && typeof found.tree.value === 'number'
    ? found.tree.value
    : undefined;
}

function textOf(tree: Tree | undefined): string {
  return tree?.type === 'scalar' ? String(tree.value) : '';
}
