/**
 * A synthetic set that is too large to be held, or to be read back as one: a file a class, each made when its turn has come to
 * be stored, and a picture of a part of it. Readers take the files as one set.
 */
import type { DataSetFacts } from '../data/data-set.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { PICTURED } from './bytes/set.ts';
import { type Range, rangeName } from './shards.ts';
import { picture, sortedLabels, syntheticSetFile } from './synthetic-set.ts';

export interface ClassFiles {
  readonly set: DataSetFacts;
  readonly classes: Range;
  readonly imagesPerClass: number;
  readonly pictureName: string;
  /** The first `count` images of each of these classes, class after class. */
  imagesOf(classes: Range, count: number): Tensor;
}

/** By name, as results are deferred. */
export function classFiles({ set, classes, imagesPerClass, pictureName, imagesOf }: ClassFiles) {
  const made = (of: Range, count: number) => ({
    images: imagesOf(of, count),
    labels: sortedLabels(of[1] - of[0], count, of[0]),
  });
  const files: Record<string, () => Uint8Array> = {};
  for (let label = classes[0]; label < classes[1]; label++) {
    const own: Range = [label, label + 1];
    files[rangeName('synthetic.safetensors', own)] = () =>
      Object.values(syntheticSetFile(made(own, imagesPerClass), set, undefined, own))[0] as Uint8Array;
  }
  const some: Range = [classes[0], Math.min(classes[1], classes[0] + PICTURED)];
  files[pictureName] = () =>
    picture(made(some, Math.min(imagesPerClass, PICTURED)), { ...set, classes: some[1] - some[0] });
  return files;
}
