/** A user's network, tried against the data before anything runs. */
import type { JsonObject } from '../../base/json.ts';
import { FailureError, ok, type Result } from '../../base/result.ts';
import type { DataSetFacts } from '../../data/data-set.ts';
import { input } from '../../tensor/expr.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { classifierOf, demandBatchNorm, scoreMapsOf } from '../classifier.ts';
import { ownNetwork } from '../relabel/teachers.ts';
import type { ReadingStage, UserFile } from '../stage.ts';

/**
 * Whether it is a classifier of images and classes like these, with what its readers look at: norms, maps, or the statistics of
 * their own batches.
 * `fileBytes`: as long as it is. `mapPlaces`: of these maps, where they are read.
 */
export function checkClassifier(
  { bytes, place }: UserFile,
  data: DataSetFacts,
  readers: readonly ReadingStage[],
): Result<JsonObject> {
  try {
    const classifier = classifierOf(bytes, place, data);
    // G-VBSM also reads convolutions.
    if (readers.some(({ kind, params }) => kind === 'recover' && params.method !== 'g-vbsm'))
      demandBatchNorm(classifier, place);
    if (readers.some(({ kind, params }) => kind === 'relabel' && params.statistics === 'batch'))
      ownNetwork(classifier, place);
    if (readers.some(({ kind, params }) => kind === 'relabel' && params.mode === 'maps')) {
      const { channels, height, width } = data;
      const maps = scoreMapsOf(classifier, input('images', [1, channels, height, width]), place);
      return ok({ fileBytes: bytes.length, mapPlaces: sizeOf(maps.shape.slice(2)) });
    }
    return ok({ fileBytes: bytes.length });
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return { ok: false, error: error.failure };
  }
}
