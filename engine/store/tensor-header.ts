/** The metadata of a safetensors file without its tensors: files of many gigabytes are only asked what they are. */
import { closeSync, openSync, readSync } from 'node:fs';

const LARGEST_HEADER = 100 * 2 ** 20;

/** Undefined where the file is none, or not whole enough to tell. */
export function safetensorsMetadata(path: string): Readonly<Record<string, string>> | undefined {
  const file = openSync(path, 'r');
  try {
    const length = Buffer.alloc(8);
    if (readSync(file, length, 0, 8, 0) < 8) return undefined;
    const size = Number(length.readBigUInt64LE());
    if (size > LARGEST_HEADER) return undefined;
    const header = Buffer.alloc(size);
    if (readSync(file, header, 0, size, 8) < size) return undefined;
    return (JSON.parse(header.toString()) as { __metadata__?: Record<string, string> }).__metadata__;
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}
