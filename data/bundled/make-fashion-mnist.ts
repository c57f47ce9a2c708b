/**
 * Makes `data/bundled/fashion-mnist/` from the official files:
 *
 *     npm run build && node dist/data/bundled/make-fashion-mnist.js DIR
 *
 * Equal input gives equal files. The unpacked bytes depend on nothing else; the packed ones also on zlib's version, so
 * that a newer Node may give other bytes for the same images.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../../base/digest.ts';
import { fail, ok, type Result, unwrap } from '../../base/result.ts';
import type { DataSet, Split } from '../data-set.ts';
import { encodeIdx, gzipReproducibly } from '../idx-write.ts';
import { bundledFolder, locateDataSet, openDataSet } from '../registry.ts';
import { firstOfEachClass } from './balanced.ts';

/** Images of each class; with them the folder stays below 5 MB. */
export const PER_CLASS = { train: 800, test: 200 } as const;

/** The four unpacked files by their official names. */
export function bundledSubset(set: DataSet): Readonly<Record<string, Uint8Array>> {
  const train = unwrap(firstOfEachClass(set.train, set.classes, PER_CLASS.train));
  const test = unwrap(firstOfEachClass(set.test, set.classes, PER_CLASS.test));
  const images = ({ count, pixels }: Split) => encodeIdx({ shape: [count, set.height, set.width], values: pixels });
  const labels = ({ count, labels }: Split) => encodeIdx({ shape: [count], values: Uint8Array.from(labels) });
  return {
    'train-images-idx3-ubyte': images(train),
    'train-labels-idx1-ubyte': labels(train),
    't10k-images-idx3-ubyte': images(test),
    't10k-labels-idx1-ubyte': labels(test),
  };
}

function make(folder: string): Result<void> {
  const located = locateDataSet('fashion-mnist', folder);
  if (!located.ok) return located;
  const set = openDataSet('fashion-mnist', located.value.folder);
  if (!set.ok) return set;
  for (const [name, bytes] of Object.entries(bundledSubset(set.value))) {
    const packed = gzipReproducibly(bytes);
    writeFileSync(join(bundledFolder('fashion-mnist'), `${name}.gz`), packed);
    console.log(`${sha256(packed)}  ${name}.gz  ${packed.length} bytes`);
  }
  return ok(undefined);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2];
  const made =
    folder === undefined
      ? fail('USAGE', 'Usage: node dist/data/bundled/make-fashion-mnist.js DIR', {
          help: 'DIR holds the official files.',
        })
      : make(folder);
  if (!made.ok) {
    console.error(`${made.error.message}\n${made.error.help ?? ''}`);
    process.exitCode = 2;
  }
}
