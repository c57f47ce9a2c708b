/**
 * A part of a set as a set of its own: some classes, the first training images, other constants of normalisation. What is
 * chosen belongs to the set's name, `cifar10?classes=0,1,2&train=5000`, by which every stage opens its data and which is
 * part of every key; so nothing else has to know of it. Labels count the chosen classes in the order given. Test images
 * are those of the chosen classes, all of them.
 */
import { fail, ok, type Result } from '../base/result.ts';
import type { DataFormat, DataSetFacts, DataSetRecord, FoundFacts, LabelledSplit, SetPart, Split } from './data-set.ts';

export interface DataSelection extends SetPart {
  /** Which of the set's other constants are used. */
  readonly normalisation?: string;
}

/** The name of the part: equal parts have equal names, and the whole has the set's own. */
export function nameOfPart(set: string, { classes, train, trainPerClass, normalisation }: DataSelection): string {
  const said = [
    classes && `classes=${classes.join(',')}`,
    train !== undefined && `train=${train}`,
    trainPerClass !== undefined && `trainPerClass=${trainPerClass}`,
    normalisation !== undefined && `normalisation=${normalisation}`,
  ].filter(Boolean);
  return said.length === 0 ? set : `${set}?${said.join('&')}`;
}

export function partNamed(name: string): { readonly set: string; readonly selection: DataSelection } {
  const [set = '', query = ''] = name.split('?');
  const said = new URLSearchParams(query);
  const [classes, train, trainPerClass, normalisation] = ['classes', 'train', 'trainPerClass', 'normalisation'].map(
    (key) => said.get(key) ?? undefined,
  );
  return {
    set,
    selection: {
      ...(classes !== undefined && { classes: classes.split(',').map(Number) }),
      ...(train !== undefined && { train: Number(train) }),
      ...(trainPerClass !== undefined && { trainPerClass: Number(trainPerClass) }),
      ...(normalisation !== undefined && { normalisation }),
    },
  };
}

/** The facts as they are of the part; of a set whose classes only its files know, as far as they are known. */
export function factsOfPart(facts: DataSetFacts, name: string): DataSetFacts {
  const { selection } = partNamed(name);
  return { ...facts, name, ...chosenConstants(facts, selection), ...chosenClasses(facts, selection) };
}

/** The record of the set, reading only the part; its facts still count the classes of the whole. */
export function recordOfPart(record: DataSetRecord, name: string): DataSetRecord {
  const { selection } = partNamed(name);
  const { facts, format } = record;
  if (Object.keys(selection).length === 0) return record;
  const chosenFacts = { ...facts, name, ...chosenConstants(facts, selection) };
  if (format.part) return { ...record, facts: chosenFacts, format: format.part(selection) };
  const selected =
    <S extends LabelledSplit>(read: (files: readonly string[], of: DataSetFacts) => Result<Whole<S>>) =>
    (files: readonly string[]): Result<Whole<S>> => {
      const whole = read(files, facts);
      return whole.ok ? partOf(whole.value, facts, selection) : whole;
    };
  const reading: DataFormat = {
    find: format.find,
    read: selected<Split>((files, of) => format.read(files, of)),
    ...(format.check && { check: selected<LabelledSplit>(format.check) }),
  };
  return { ...record, facts: chosenFacts, format: reading };
}

type Whole<S extends LabelledSplit> = { readonly train: S; readonly test: S } & FoundFacts;

function partOf<S extends LabelledSplit>(whole: Whole<S>, facts: DataSetFacts, selection: DataSelection) {
  const all = { ...facts, classes: whole.classes ?? facts.classes, classNames: whole.classNames ?? facts.classNames };
  const { train, trainPerClass } = selection;
  const outside = selection.classes?.find((label) => !(Number.isInteger(label) && label >= 0 && label < all.classes));
  if (outside !== undefined)
    return fail('DATA_CLASS', `${facts.title} has no class ${outside}, expected 0 to ${all.classes - 1}.`);
  const classes = selection.classes ?? Array.from({ length: all.classes }, (_, label) => label);
  const size = facts.channels * facts.height * facts.width;
  return ok({
    ...whole,
    ...chosenClasses(all, { classes }),
    train: chosen(whole.train, classes, size, { most: train, perClass: trainPerClass }),
    test: chosen(whole.test, classes, size),
  });
}

function chosenClasses({ classNames }: DataSetFacts, { classes }: DataSelection) {
  if (!classes) return {};
  return { classes: classes.length, classNames: classes.map((label) => classNames[label] ?? String(label)) };
}

function chosenConstants({ normalisations = {} }: DataSetFacts, { normalisation }: DataSelection) {
  const constants = normalisation === undefined ? undefined : normalisations[normalisation];
  return constants ? { mean: constants.mean, std: constants.std } : {};
}

function chosen<S extends LabelledSplit>(
  split: S,
  classes: readonly number[],
  size: number,
  {
    most = Number.POSITIVE_INFINITY,
    perClass = Number.POSITIVE_INFINITY,
  }: { most?: number | undefined; perClass?: number | undefined } = {},
): S {
  const newLabel = new Map(classes.map((label, index) => [label, index]));
  const kept: number[] = [];
  const labels: number[] = [];
  const counts = new Array<number>(classes.length).fill(0);
  for (let index = 0; index < split.count && kept.length < most; index++) {
    const label = newLabel.get(split.labels[index] ?? -1);
    if (label === undefined || (counts[label] ?? 0) >= perClass) continue;
    counts[label] = (counts[label] ?? 0) + 1;
    kept.push(index);
    labels.push(label);
  }
  const pixels = (split as Partial<Split>).pixels;
  return {
    ...split,
    count: kept.length,
    labels: Int32Array.from(labels),
    ...(pixels && { pixels: rowsOf(pixels, kept, size) }),
  };
}

function rowsOf(pixels: Uint8Array, rows: readonly number[], size: number): Uint8Array {
  const result = new Uint8Array(rows.length * size);
  for (const [to, from] of rows.entries()) result.set(pixels.subarray(from * size, (from + 1) * size), to * size);
  return result;
}
