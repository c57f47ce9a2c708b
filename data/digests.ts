/** Whether files are the published ones, byte by byte: known digests of their unpacked contents. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { isGzip } from './gunzip.ts';
import { DATA_SETS } from './records.ts';

export interface DigestCheck {
  readonly file: string;
  /** `unknown` where no digest of the file is known: a set of pictures, or a subset. */
  readonly state: 'published' | 'differs' | 'unknown';
}

/** Reads every file of which a digest is known. */
export function checkDigests(name: string, files: readonly string[]): DigestCheck[] {
  const digests = DATA_SETS.find(({ facts }) => facts.name === name)?.digests ?? {};
  return files.map((file) => {
    const official = basename(file)
      .replace(/\.gz$/, '')
      .replace(/\.idx(\d)/, '-idx$1');
    const wanted = Object.hasOwn(digests, official) ? digests[official] : undefined;
    if (wanted === undefined) return { file, state: 'unknown' };
    const [algorithm = '', digest] = wanted.split(':');
    const bytes = readFileSync(file);
    const content = isGzip(bytes) ? gunzipSync(bytes) : bytes;
    return { file, state: createHash(algorithm).update(content).digest('hex') === digest ? 'published' : 'differs' };
  });
}

/** What to say of a set's files, in a few words; empty where nothing is known. */
export function describeDigests(checks: readonly DigestCheck[]): string {
  const differing = checks.filter(({ state }) => state === 'differs').map(({ file }) => basename(file));
  if (differing.length > 0) return `not as published: ${differing.join(', ')}`;
  return checks.length > 0 && checks.every(({ state }) => state === 'published') ? 'files as published' : '';
}
