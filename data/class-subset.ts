/** Some classes of a set as a set of its own: labels count the chosen classes in the order given. */
import { fail, ok, type Result } from '../base/result.ts';
import type { DataSet, Split } from './data-set.ts';

export function classSubset(set: DataSet, classes: readonly number[]): Result<DataSet> {
  const outside = classes.find((label) => !Number.isInteger(label) || label < 0 || label >= set.classes);
  if (outside !== undefined)
    return fail('DATA_CLASS', `${set.title} has no class ${outside}, expected 0 to ${set.classes - 1}.`);
  const twice = classes.find((label, index) => classes.indexOf(label) !== index);
  if (twice !== undefined) return fail('DATA_CLASS', `The class ${twice} of ${set.title} is named twice.`);
  if (classes.length === 0) return fail('DATA_CLASS', `A subset of ${set.title} needs at least one class.`);
  const size = set.channels * set.height * set.width;
  return ok({
    ...set,
    classes: classes.length,
    classNames: classes.map((label) => set.classNames[label] ?? String(label)),
    train: chosen(set.train, classes, size),
    test: chosen(set.test, classes, size),
  });
}

function chosen(split: Split, classes: readonly number[], size: number): Split {
  const newLabel = new Map(classes.map((label, index) => [label, index]));
  const kept: number[] = [];
  for (let index = 0; index < split.count; index++) {
    if (newLabel.has(split.labels[index] ?? -1)) kept.push(index);
  }
  const pixels = new Uint8Array(kept.length * size);
  for (const [to, from] of kept.entries()) pixels.set(split.pixels.subarray(from * size, (from + 1) * size), to * size);
  const labels = Int32Array.from(kept, (index) => newLabel.get(split.labels[index] ?? -1) ?? -1);
  return { count: kept.length, pixels, labels };
}
