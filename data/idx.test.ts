/** Real files on disk, whole and broken in every way that downloads and mistakes break them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Failure } from '../base/result.ts';
import { readIdx } from './idx.ts';
import { encodeIdx, gzipReproducibly } from './idx-write.ts';

const folder = mkdtempSync(join(tmpdir(), 'retort-idx-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'train-images-idx3-ubyte.gz');

function read(bytes: Uint8Array, dimensions = 3) {
  writeFileSync(path, bytes);
  return readIdx(path, dimensions);
}

function failureOf(bytes: Uint8Array, dimensions = 3): Failure {
  const result = read(bytes, dimensions);
  if (result.ok) throw new Error('Expected a failure');
  // Every failure names the file, in words and as its place, and says what to do.
  expect(result.error.message).toContain('train-images-idx3-ubyte.gz');
  expect(result.error.place).toBe(path);
  expect(result.error.help).toBeTruthy();
  return result.error;
}

const images = { shape: [5, 4, 3], values: Uint8Array.from({ length: 60 }, (_, at) => (at * 37) % 256) };
const plain = encodeIdx(images);
const packed = gzipReproducibly(plain);

it('reads plain and gzip files alike', () => {
  for (const bytes of [plain, packed]) {
    const result = read(bytes);
    expect(result.ok && { shape: result.value.shape, values: Uint8Array.from(result.value.values) }).toEqual(images);
  }
});

it('writes the bytes of the format: magic, big-endian sizes, values', () => {
  expect([...encodeIdx({ shape: [2], values: Uint8Array.of(7, 9) })]).toEqual([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]);
  expect([...packed.subarray(0, 4), ...packed.subarray(4, 8), packed[9]]).toEqual([31, 139, 8, 0, 0, 0, 0, 0, 255]);
});

describe('a truncated file', () => {
  it('plain, at every length', () => {
    for (let length = 0; length < plain.length; length++)
      expect(failureOf(plain.subarray(0, length)).code, `${length} bytes`).toBe('DATA_TRUNCATED');
  });

  it('gzip, at every length', () => {
    // Of the first byte alone nobody can say that it was gzip.
    for (let length = 2; length < packed.length; length++)
      expect(failureOf(packed.subarray(0, length)).code, `${length} bytes`).toBe('DATA_TRUNCATED');
  });

  it('whose gzip stream is whole, but whose content is short', () => {
    const failure = failureOf(gzipSync(plain.subarray(0, 30)));
    expect(failure.code).toBe('DATA_TRUNCATED');
    expect(failure.message).toBe(
      'train-images-idx3-ubyte.gz is truncated: its header announces [5, 4, 3], that is 76 bytes, found 30 bytes.',
    );
  });
});

describe('a file that is too long', () => {
  it('by bytes of content', () => {
    const long = Buffer.concat([plain, Uint8Array.of(0)]);
    expect(failureOf(long).message).toBe(
      'train-images-idx3-ubyte.gz is too long: its header announces [5, 4, 3], that is 76 bytes, found 77 bytes.',
    );
    expect(failureOf(long).code).toBe('DATA_TOO_LONG');
    expect(failureOf(gzipSync(long)).code).toBe('DATA_TOO_LONG');
  });

  it('by bytes after its gzip stream', () => {
    expect(failureOf(Buffer.concat([packed, new Uint8Array(3)])).code).toBe('DATA_TOO_LONG');
    expect(failureOf(Buffer.concat([packed, packed])).code).toBe('DATA_TOO_LONG');
    expect(failureOf(Buffer.concat([packed, Buffer.from('more')])).code).toBe('DATA_CORRUPT');
  });

  it('by far: a gzip bomb is not unpacked', () => {
    const bomb = gzipSync(Buffer.concat([plain, Buffer.alloc(50_000_000)]), { level: 1 });
    // Had it been unpacked, the message would say how long it is.
    expect(failureOf(bomb).message).toBe(
      'train-images-idx3-ubyte.gz is too long: its gzip stream unpacks to more; its header announces [5, 4, 3], that is 76 bytes.',
    );
  });
});

describe('a header that lies', () => {
  const announcing = (...shape: number[]) => encodeIdx({ shape, values: images.values });

  it('announces more than any file holds', () => {
    for (const bytes of [announcing(2 ** 32 - 1, 28, 28), gzipSync(announcing(2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1))])
      expect(failureOf(bytes).message).toContain('not believable');
  });

  it('announces more than so few bytes of gzip can hold', () => {
    const failure = failureOf(gzipSync(announcing(60_000, 28, 28)));
    expect(failure.code).toBe('DATA_TRUNCATED');
    expect(failure.message).toContain('47,040,016 bytes');
  });
});

describe('a file of another kind', () => {
  it('labels in place of images, and the reverse', () => {
    expect(failureOf(encodeIdx({ shape: [60], values: images.values })).message).toBe(
      'train-images-idx3-ubyte.gz has 1 dimension, expected 3: it holds labels, not images.',
    );
    const failure = failureOf(packed, 1);
    expect(failure.message).toBe(
      'train-images-idx3-ubyte.gz has 3 dimensions, expected 1: it holds images, not labels.',
    );
    expect(failure.help).toContain('exchanged');
  });

  it('no IDX file at all', () => {
    const page = Buffer.from('<html>404 Not Found</html>');
    for (const bytes of [page, gzipSync(page)]) {
      expect(failureOf(bytes).code).toBe('DATA_WRONG_FORMAT');
      expect(failureOf(bytes).message).toContain('expected it to begin with 0x00000803, found 0x3c68746d');
    }
  });

  it('values of another type', () => {
    const floats = Uint8Array.from(plain);
    floats[2] = 0x0d;
    expect(failureOf(floats).message).toContain('0x00000803 (unsigned bytes), found 0x00000d03');
  });

  it('is missing, or a folder', () => {
    for (const wrong of [join(folder, 'nowhere'), folder]) {
      const result = readIdx(wrong, 3);
      expect(!result.ok && result.error.code).toBe('DATA_UNREADABLE');
    }
  });
});

it('never takes damaged gzip for other values', () => {
  for (let at = 0; at < packed.length; at++) {
    const damaged = Uint8Array.from(packed);
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    const result = read(damaged);
    // Some bits mean nothing: the time in the header, the padding of a block.
    if (result.ok) expect(Uint8Array.from(result.value.values)).toEqual(images.values);
  }
});

it('answers any bytes with a result', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(0, 4, 12), (bytes, prefix) => {
      for (const dimensions of [1, 3])
        for (const start of [plain, packed]) read(Buffer.concat([start.subarray(0, prefix), bytes]), dimensions);
    }),
    { numRuns: 100 },
  );
});
