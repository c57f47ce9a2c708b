/** Whether files are the published ones, byte by byte: known digests of their unpacked contents. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
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
    const official = officialName(file);
    const wanted = Object.hasOwn(digests, official) ? digests[official] : undefined;
    if (wanted === undefined) return { file, state: 'unknown' };
    return { file, state: isOf(wanted, readFileSync(file)) ? 'published' : 'differs' };
  });
}

/** Bytes of files that are quickly looked at: labels, which tell sets apart as well as images do. */
const SMALL = 256 * 2 ** 10;

/** Another set whose published file one of these is: MNIST and Fashion-MNIST have files of equal names and sizes. */
export function publishedElsewhere(
  name: string,
  files: readonly string[],
): { file: string; title: string } | undefined {
  for (const file of files) {
    const official = officialName(file);
    const others = DATA_SETS.filter(
      ({ facts, digests = {} }) => facts.name !== name && Object.hasOwn(digests, official),
    );
    if (others.length === 0 || statSync(file).size > SMALL) continue;
    const bytes = readFileSync(file);
    const other = others.find(({ digests }) => isOf(digests?.[official] ?? '', bytes));
    if (other) return { file, title: other.facts.title };
  }
  return undefined;
}

function officialName(file: string): string {
  return basename(file)
    .replace(/\.gz$/, '')
    .replace(/\.idx(\d)/, '-idx$1');
}

function isOf(wanted: string, bytes: Buffer): boolean {
  const [algorithm = '', digest] = wanted.split(':');
  try {
    const content = isGzip(bytes) ? gunzipSync(bytes) : bytes;
    return createHash(algorithm).update(content).digest('hex') === digest;
  } catch {
    // What cannot be unpacked is the published file of no set; who reads it says what is wrong.
    return false;
  }
}

/** What to say of a set's files, in a few words; empty where nothing is known. */
export function describeDigests(checks: readonly DigestCheck[]): string {
  const differing = checks.filter(({ state }) => state === 'differs').map(({ file }) => basename(file));
  if (differing.length > 0) return `not as published: ${differing.join(', ')}`;
  return checks.length > 0 && checks.every(({ state }) => state === 'published') ? 'files as published' : '';
}
