/** What the file of a synthetic set says of it: of which data, and in which space its images are. */
import type { DataSetFacts } from '../data/data-set.ts';

/** `whitening`: digest of the ZCA fit in whose space the images live. */
export function setMetadata(
  { name, classes, mean, std }: Pick<DataSetFacts, 'name' | 'classes' | 'mean' | 'std'>,
  whitening?: string,
): Record<string, string> {
  const constants = whitening === undefined ? { mean: JSON.stringify(mean), std: JSON.stringify(std) } : { whitening };
  return { set: name, classes: String(classes), ...constants };
}
