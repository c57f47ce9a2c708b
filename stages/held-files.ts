/** Files that are in memory, read as those of the store are. */
import { sha256 } from '../base/digest.ts';
import type { ArtifactFiles, ArtifactReader } from './stage.ts';

export function heldFiles(files: ArtifactFiles): ArtifactReader {
  const bytesOf = (name: string): Uint8Array => {
    const bytes = files[name];
    if (!bytes) throw new Error(`Internal error: expected one of ${Object.keys(files).join(', ')}, got ${name}`);
    return bytes;
  };
  return {
    files: Object.keys(files),
    read: (name, range) => (range ? bytesOf(name).slice(range.from, range.to) : bytesOf(name)),
    describe: (name) => ({ sha256: sha256(bytesOf(name)), bytes: bytesOf(name).length }),
  };
}
