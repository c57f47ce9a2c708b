/**
 * The course of a student over its labels: passes, and the batches of each. As they are stored a pass is an epoch. With
 * several crops of an image in a batch a pass is as many epochs, but for the last ones, which are seen crop by crop as in
 * the published code of FKD.
 */
import { FailureError, fail } from '../../base/result.ts';
import { cropReader } from '../soft-labels/crops.ts';
import { batchOf, drawViews, type ViewStreams } from '../soft-labels/draws.ts';
import { pooledLabels } from '../soft-labels/pool-maps.ts';
import type { LabelledBatch, SoftLabels } from '../soft-labels/read.ts';

export interface Pass {
  /** Of all epochs, the first that it is: what the rate hangs on. */
  readonly epoch: number;
  readonly batches: number;
  /** Batches of all passes before it. */
  readonly before: number;
  /** `images`: each image of the batch once, where several views are of one. */
  batch(index: number): LabelledBatch & { readonly images?: Int32Array };
  /** Views of the whole pass. */
  readonly views: number;
}

export interface Course {
  readonly passes: number;
  pass(index: number): Pass;
}

export function courseOf(
  soft: SoftLabels,
  streams: ViewStreams,
  { epochs, crops }: { epochs: number; crops: number },
): Course {
  if (crops > 1) return inCrops(soft, streams, epochs, crops);
  const batches = soft.batches();
  return {
    passes: epochs,
    pass(epoch) {
      const own = soft.facts.kind === 'maps' ? drawViews(streams, epoch, soft.facts) : undefined;
      return {
        ...{ epoch, batches, before: epoch * batches, views: soft.facts.count },
        batch(index) {
          if (!own) return soft.batch(epoch % soft.epochs, index);
          // Crops that are drawn here, labelled by the maps under them.
          const { height, width, classes } = soft.facts;
          const batch = batchOf(own, index, soft.facts);
          const shares = Array.from(batch.box, (side, at) => side / (at % 2 === 0 ? height : width));
          return { ...batch, probabilities: pooledLabels(soft.maps(batch.order), shares, classes) };
        },
      };
    },
  };
}

function inCrops(soft: SoftLabels, streams: ViewStreams, epochs: number, crops: number): Course {
  const { count, batchSize } = soft.facts;
  demandCrops(soft, crops);
  const read = cropReader(soft, streams);
  const [few, many] = [Math.ceil(batchSize / crops), crops * Math.ceil(batchSize / crops)];
  const together = Math.max(0, Math.ceil((epochs - crops) / crops));
  return {
    passes: together + epochs - together * crops,
    pass(index) {
      const single = Math.max(0, index - together);
      const isSingle = index >= together;
      const sizes = isSingle ? { crops: 1, images: many } : { crops, images: few };
      const [long, short] = [Math.ceil(count / few), Math.ceil(count / many)];
      return {
        epoch: Math.min(index, together) * crops + single,
        batches: isSingle ? short : long,
        before: Math.min(index, together) * long + single * short,
        views: count * sizes.crops,
        batch(at) {
          const { images, views } = read(index, at, sizes);
          return { ...views, images };
        },
      };
    },
  };
}

function demandCrops({ facts: { kind, mix }, epochs }: SoftLabels, crops: number): void {
  if (kind === 'views' && mix === 'none' && crops <= epochs) return;
  const found = kind === 'maps' ? 'label maps' : `${epochs} views of each image, mixed by ${mix}`;
  throw new FailureError(
    fail(
      'SOFT_LABELS_FOREIGN',
      `${crops} crops of an image in a batch are of views that are not mixed; these are ${found}.`,
      {
        help: 'Label views by `mix: none`, at least as many epochs, or leave `cropsPerImage` out.',
      },
    ).error,
  );
}
