/**
 * What enters the convolutions of a teacher on real images, as `statistics-0.safetensors` for its first teacher and so on:
 * `LAYER.STATISTIC` F32 each, layers counted in the order of use; the digest of the teacher's file says whose they are.
 */
import { FailureError, fail, unwrap } from '../../base/result.ts';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/files/safetensors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { ArtifactReader } from '../stage.ts';

export interface TeacherStatistics {
  /** Digest of the teacher's file. */
  readonly teacher: string;
  readonly patch: number;
  readonly tensors: Readonly<Record<string, Tensor>>;
}

export function statisticsFile({ teacher, patch, tensors }: TeacherStatistics): Uint8Array {
  return encodeSafetensors(tensors, { teacher, patch: String(patch) });
}

export function readStatistics(reader: ArtifactReader): readonly TeacherStatistics[] {
  return reader.files.map((file) => {
    const { tensors, metadata } = unwrap(decodeSafetensors(reader.read(file), file));
    const patch = Number(metadata.patch);
    if (metadata.teacher === undefined || !Number.isInteger(patch) || patch < 1)
      throw new FailureError(
        fail('STATISTICS_FILE', 'Expected statistics with the digest of their teacher and the side of their patches.', {
          place: file,
          help: 'Make them with the stage `statistics`.',
        }).error,
      );
    return { teacher: metadata.teacher, patch, tensors };
  });
}
