/**
 * Which images are optimised together. SRe2L and CDA take one image of each class, so that batches know nothing of one
 * another; G-VBSM goes through class after class, so that images of a class meet, in `groups` parts of the images per class.
 */
export interface Member {
  readonly label: number;
  /** Which image of its class. */
  readonly slot: number;
}

export type Batch = readonly Member[];

/** Classes from `first` to `end`, which is outside. */
export interface Plan {
  readonly first: number;
  readonly end: number;
  readonly imagesPerClass: number;
  readonly batchSize: number;
}

export function batchesAcrossClasses({ first, end, imagesPerClass, batchSize }: Plan): readonly Batch[] {
  return numbers(0, imagesPerClass).flatMap((slot) =>
    chunks(
      numbers(first, end).map((label) => ({ label, slot })),
      batchSize,
    ),
  );
}

export function batchesByClass({ first, end, imagesPerClass, batchSize }: Plan, groups: number): readonly Batch[] {
  const length = Math.ceil(imagesPerClass / groups);
  return chunks(numbers(0, imagesPerClass), length).flatMap((slots) =>
    chunks(
      numbers(first, end).flatMap((label) => slots.map((slot) => ({ label, slot }))),
      batchSize,
    ),
  );
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}
