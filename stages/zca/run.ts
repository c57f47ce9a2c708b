/** One step that fits; images are read in parts, so that memory is that of the matrices. */
import { unwrap } from '../../base/result.ts';
import type { DataSet } from '../../data/data-set.ts';
import { normalised } from '../../data/normalise.ts';
import { openDataSet } from '../../data/registry.ts';
import { fitZca, zcaOf } from '../../data/zca.ts';
import { openProducts } from '../../tensor/linear-algebra/products.ts';
import { heldFiles } from '../held-files.ts';
import { openImageSpace } from '../image-space.ts';
import type { StageContext, StageRun } from '../stage.ts';
import { sortedLabels } from '../synthetic-set.ts';
import { whiteningFile } from '../whitening.ts';

/** Images that are read at a time. */
const PART = 1000;
/** Images of the picture. */
const SHOWN = 10;

export async function openZca({ params, data, backend, threads = 1 }: StageContext): Promise<StageRun> {
  const set = unwrap(openDataSet(data.set, data.folder));
  const eps = params.epsilon as number;
  const count = (params.images as number | undefined) ?? set.train.count;

  return {
    steps: 1,
    init: () => ({ tensors: {}, values: {} }),
    async step() {
      const products = unwrap(await openProducts(threads));
      try {
        const fit = unwrap(await fitZca(partsOf(set, count), { eps, products }));
        return { tensors: { ...fit }, values: {} };
      } finally {
        products.close();
      }
    },
    async finish({ tensors }) {
      const files = whiteningFile(unwrap(zcaOf(tensors)), set, eps);
      const fit = heldFiles(files);
      const space = openImageSpace(set, backend, fit);
      const first = Int32Array.from({ length: Math.min(SHOWN, count) }, (_, index) => index);
      const images = await space.read(set.train, first);
      const picture = await space.picture({ images, labels: sortedLabels(first.length, 1) });
      space.close();
      return { artifacts: { statistics: files, pictures: { 'unwhitened.png': picture } }, metrics: {} };
    },
  };
}

/** In [0, 1], without mean and deviation. */
function* partsOf(set: DataSet, count: number) {
  const bare = { ...set, mean: set.mean.map(() => 0), std: set.std.map(() => 1) };
  for (let start = 0; start < count; start += PART) {
    const indices = Int32Array.from({ length: Math.min(PART, count - start) }, (_, index) => start + index);
    yield normalised(bare, set.train, indices);
  }
}
