/** Selection: one step that draws the images' indices; the images themselves are read only to be written. */
import type { Json } from '../../base/json.ts';
import { FailureError, fail, unwrap } from '../../base/result.ts';
import type { DataSet } from '../../data/data-set.ts';
import { indicesByClass } from '../../data/normalise.ts';
import { openDataSet } from '../../data/registry.ts';
import { randomOfEachClass } from '../../methods/select-random.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { ints } from '../../tensor/tensor.ts';
import { openImageSpace } from '../image-space.ts';
import type { StageContext, StageRun } from '../stage.ts';
import { sortedLabels, syntheticSetFile } from '../synthetic-set.ts';

export async function openSelect({ params, seed, data, inputs, backend }: StageContext): Promise<StageRun> {
  const set = unwrap(openDataSet(data.set, data.folder));
  const imagesPerClass = params.imagesPerClass as number;
  const byClass = indicesByClass(set.train, set.classes);
  demandEnough(set, byClass, imagesPerClass);
  const space = openImageSpace(set, backend, inputs.whitening);
  const stream = randomStream(seed, 'select');

  return {
    steps: 1,
    init: () => ({ tensors: {}, values: {} }),
    step() {
      const chosen = randomOfEachClass(stream, byClass, imagesPerClass);
      return { tensors: { chosen: ints(chosen) }, values: {} };
    },
    async finish({ tensors }) {
      const chosen = tensors.chosen?.data ?? [];
      const images = await space.read(set.train, chosen);
      const selected = { images, labels: sortedLabels(set.classes, imagesPerClass) };
      const files = {
        ...syntheticSetFile(selected, set, space.whitening),
        'after.png': await space.picture(selected),
        'chosen.json': jsonFile({ split: 'train', indices: [...chosen] }),
      };
      return { artifacts: { images: files }, metrics: {} };
    },
    close: () => space.close(),
  };
}

function demandEnough(set: DataSet, byClass: readonly Int32Array[], imagesPerClass: number): void {
  const label = byClass.findIndex((indices) => indices.length < imagesPerClass);
  const indices = byClass[label];
  if (!indices) return;
  const name = set.classNames[label] ?? label;
  const { error } = fail(
    'CLASS_TOO_SMALL',
    `${imagesPerClass} images of each class are wanted, but ${name} of ${set.title} has ${indices.length}.`,
    { help: `Lower \`imagesPerClass\`, or give the whole data set with --data DIR.` },
  );
  throw new FailureError(error);
}

function jsonFile(value: Json): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
}
