/** Bytes of files that are not there yet, from what will be in them. */
import { type FileType, fileTypes } from '../../tensor/files/file-types.ts';
import { encodeTyped } from '../../tensor/files/safetensors.ts';
import { type Shape, sizeOf } from '../../tensor/tensor.ts';

/** A file of three or four figures, `metrics.json`, as numbers are usually long. */
export const METRICS_BYTES = 130;

export interface PlannedTensor {
  readonly dtype: FileType;
  readonly shape: Shape;
}

/** Short of the file by the digits of its offsets, some twenty a tensor. */
export function bytesOfSafetensors(
  tensors: Readonly<Record<string, PlannedTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): number {
  const data = new Uint8Array(0);
  const entries = Object.entries(tensors);
  const header = encodeTyped(
    Object.fromEntries(entries.map(([name, { dtype, shape }]) => [name, { dtype, shape, data }])),
    metadata,
  );
  const numbers = entries.reduce((sum, [, { dtype, shape }]) => sum + fileTypes[dtype].bytes * sizeOf(shape), 0);
  return header.length + numbers;
}
