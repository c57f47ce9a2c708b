/**
 * One digest for the files of a data set: names and bytes, in their order. It is part of cache keys, so folders never
 * enter it. Files that have not changed since they were last read (same size, time and inode) are not read again; what is
 * remembered lies in the store and may be deleted at any time.
 */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { canonicalJson } from '../../base/canonical-json.ts';
import { sha256 } from '../../base/digest.ts';
import { writeHint } from '../store/hint-files.ts';

const CHUNK_BYTES = 1 << 20;

/** A file may be written again within one tick of a coarse clock; only one that has rested this long is remembered. */
const RESTED_MS = 2_000;

interface Remembered {
  readonly size: string;
  readonly mtimeNs: string;
  readonly inode: string;
  readonly sha256: string;
}

/** `store` is the folder in which digests are remembered; nothing is written where it does not exist yet. */
export function digestDataSet(files: readonly string[], store?: string): string {
  const memory = new DigestMemory(store);
  const digest = sha256(canonicalJson(files.map((path) => [basename(path), memory.digestOf(path)])));
  memory.save();
  return digest;
}

class DigestMemory {
  readonly #file: string | undefined;
  readonly #known: Record<string, Remembered>;
  #changed = false;

  constructor(store: string | undefined) {
    this.#file = store !== undefined && existsSync(store) ? join(store, 'data-digests.json') : undefined;
    this.#known = this.#file === undefined ? {} : readMemory(this.#file);
  }

  digestOf(path: string): string {
    const { size, mtimeNs, mtimeMs, ino } = statSync(path, { bigint: true });
    const now = { size: String(size), mtimeNs: String(mtimeNs), inode: String(ino) };
    const known = this.#known[path];
    if (known?.size === now.size && known.mtimeNs === now.mtimeNs && known.inode === now.inode) return known.sha256;
    const digest = digestFile(path);
    if (Date.now() - Number(mtimeMs) > RESTED_MS) {
      this.#known[path] = { ...now, sha256: digest };
      this.#changed = true;
    }
    return digest;
  }

  /** In a store that may only be read nothing is remembered: everything is read anew next time. */
  save(): void {
    if (this.#file === undefined || !this.#changed) return;
    writeHint(this.#file, `${JSON.stringify(this.#known, null, 2)}\n`, { as: 'data-digests' });
  }
}

function readMemory(file: string): Record<string, Remembered> {
  try {
    return { ...(JSON.parse(readFileSync(file, 'utf8')) as Record<string, Remembered>) };
  } catch {
    return {};
  }
}

function digestFile(path: string): string {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const file = openSync(path, 'r');
  try {
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) hash.update(chunk.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}
