/**
 * Files of labels whose bytes are those that were written. Rows are read by parts, which the store does not check: a byte
 * that has changed on the disk would be learned. So a file is read through once, piece by piece, before its first row is.
 */
import { createHash } from 'node:crypto';
import { fail, unwrap } from '../../base/result.ts';
import type { ArtifactReader } from '../stage.ts';

const PIECE = 4 * 2 ** 20;

export const REPAIR =
  'What a stage `relabel` has made, `retort verify --repair` puts aside, and the same command then makes anew; files from elsewhere are to be copied again.';

export function soundFiles(reader: ArtifactReader): ArtifactReader {
  const sound = new Set<string>();
  return {
    ...{ files: reader.files, describe: reader.describe },
    read(name, range) {
      if (!sound.has(name)) demandSound(reader, name);
      sound.add(name);
      return reader.read(name, range);
    },
  };
}

function demandSound(reader: ArtifactReader, name: string): void {
  const { sha256, bytes } = reader.describe(name);
  const hash = createHash('sha256');
  for (let from = 0; from < bytes; from += PIECE)
    hash.update(reader.read(name, { from, to: Math.min(bytes, from + PIECE) }));
  if (hash.digest('hex') === sha256) return;
  unwrap(
    fail(
      'SOFT_LABELS_DAMAGED',
      `The soft labels in ${name} are damaged: their bytes are not those that were written.`,
      {
        place: name,
        help: REPAIR,
      },
    ),
  );
}
