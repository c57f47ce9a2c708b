import { FailureError, ok, type Result } from '../../base/result.ts';
import type { DataSetFacts } from '../../data/data-set.ts';
import { classifierOf } from '../classifier.ts';

/** Whether it is a classifier of images and classes like these. */
export function checkClassifier(bytes: Uint8Array, place: string, data: DataSetFacts): Result<undefined> {
  try {
    classifierOf(bytes, place, data);
    return ok(undefined);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return { ok: false, error: error.failure };
  }
}
