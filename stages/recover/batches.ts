/**
 * Which images are optimised together: image k of a run of classes, as published, so that a batch holds each class once.
 * Batches know nothing of one another.
 */
export interface Batch {
  /** Which image of each class. */
  readonly slot: number;
  readonly firstClass: number;
  readonly count: number;
}

export function batchesOf(classes: number, imagesPerClass: number, batchSize: number): readonly Batch[] {
  const batches: Batch[] = [];
  for (let slot = 0; slot < imagesPerClass; slot++)
    for (let firstClass = 0; firstClass < classes; firstClass += batchSize)
      batches.push({ slot, firstClass, count: Math.min(batchSize, classes - firstClass) });
  return batches;
}
