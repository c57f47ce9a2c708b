/** Bytes of a synthetic set beforehand: its tensors to a few bytes, its picture by how well such pictures compress. */
import type { DataSetFacts } from '../../data/data-set.ts';
import { setMetadata } from '../set-metadata.ts';
import type { ShardedData } from '../stage.ts';
import { bytesOfSafetensors } from './files.ts';

/**
 * Of a picture, for each value of its images, which it shows twice as large: 0.3 (MNIST), 0.65 (Fashion-MNIST), 1.07
 * (Tiny-ImageNet), 1.2 to 1.28 (noise), measured.
 */
const PICTURE = 1.1;

/** Classes, and images of each, that the picture of a set shows which is a file a class. */
export const PICTURED = 10;

/** Bytes of images that are one file at most. Recovered ones are held until then; of selected ones no larger file can be read back. */
export const MOST_IN_ONE = { recovered: 64 * 2 ** 20, selected: 2 ** 31 - 2 ** 20 } as const;

export interface PlannedSet {
  readonly set: DataSetFacts;
  /** How many. */
  readonly classes: number;
  readonly imagesPerClass: number;
  /** Bytes of images; of more it is a file a class. */
  readonly mostInOne: number;
}

/** Bytes of the images alone. */
export function bytesOfImages({ set, classes, imagesPerClass }: Omit<PlannedSet, 'mostInOne'>): number {
  return 4 * classes * imagesPerClass * set.channels * set.height * set.width;
}

export function bytesOfSet(planned: PlannedSet): number {
  const { set, classes, imagesPerClass, mostInOne } = planned;
  const isInClasses = bytesOfImages(planned) > mostInOne;
  const fileOf = (count: number) =>
    bytesOfSafetensors(
      {
        images: { dtype: 'F32', shape: [count, set.channels, set.height, set.width] },
        labels: { dtype: 'I32', shape: [count] },
      },
      setMetadata(set),
    );
  const shown = isInClasses
    ? Math.min(classes, PICTURED) * Math.min(imagesPerClass, PICTURED)
    : classes * imagesPerClass;
  const files = isInClasses ? classes * fileOf(imagesPerClass) : fileOf(classes * imagesPerClass);
  return files + bytesOfPicture(set, shown);
}

/** `shown`: how many images. */
export function bytesOfPicture({ channels, height, width }: DataSetFacts, shown: number): number {
  return Math.round(PICTURE * shown * channels * height * width);
}

/** Of `chosen.json`, the numbers of the images in the training set. */
export function bytesOfChoice({ classes, trainImages = 50_000 }: ShardedData, imagesPerClass: number): number {
  return 31 + classes * imagesPerClass * (String(trainImages).length + 1);
}
