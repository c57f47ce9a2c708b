/** The real images of each class, drawn from by position. Only what is drawn is normalised or whitened. */
import type { DataSet } from '../../data/data-set.ts';
import { indicesByClass, normalised } from '../../data/normalise.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { ImageSpace } from '../image-space.ts';

export interface RealImages {
  count(label: number): number;
  /** Images of one class by their positions in it: [n, C, H, W]. */
  read(label: number, positions: Int32Array): Promise<Tensor>;
}

/** Normalised by the set's constants unless they live in another space. */
export function realImagesOf(set: DataSet, space?: ImageSpace): RealImages {
  const byClass = indicesByClass(set.train, set.classes);
  const of = (label: number): Int32Array => byClass[label] ?? new Int32Array(0);
  return {
    count: (label) => of(label).length,
    async read(label, positions) {
      const indices = of(label);
      const drawn = positions.map((position) => indices[position] ?? -1);
      return space ? space.read(set.train, drawn) : normalised(set, set.train, drawn);
    },
  };
}
