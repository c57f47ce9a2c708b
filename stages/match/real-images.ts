/** The real images of each class, drawn from by position. Only what is drawn is normalised. */
import type { DataSet } from '../../data/data-set.ts';
import { indicesByClass, normalised } from '../../data/normalise.ts';
import type { Tensor } from '../../tensor/tensor.ts';

export interface RealImages {
  count(label: number): number;
  /** Images of one class by their positions in it: [n, C, H, W]. */
  read(label: number, positions: Int32Array): Tensor;
}

export function realImagesOf(set: DataSet): RealImages {
  const byClass = indicesByClass(set.train, set.classes);
  const of = (label: number): Int32Array => byClass[label] ?? new Int32Array(0);
  return {
    count: (label) => of(label).length,
    read(label, positions) {
      const indices = of(label);
      return normalised(
        set,
        set.train,
        positions.map((position) => indices[position] ?? -1),
      );
    },
  };
}
