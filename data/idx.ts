/**
 * Reader of IDX files, the format of MNIST and its descendants: two zero bytes, a type byte, the number of dimensions,
 * each dimension as a big-endian 32-bit integer, then the values, row-major. Plain or gzip, told apart by content.
 *
 * Invariant: what is returned has exactly the length that its header announces; every other file is a failure that names
 * the file, what was expected and what was found. The header is read before anything is unpacked, so a hostile file can
 * never make us hold more than it announces.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Failure, fail, ok, type Result } from '../base/result.ts';
import { gunzipStart, gunzipWhole, isGzip, largestGunzip } from './gunzip.ts';

/** The only type of values in the official files: unsigned bytes. */
export const UNSIGNED_BYTE = 0x08;

/** Of one file, unpacked; far above any set in this format, far below what would exhaust a machine. */
const MAX_BYTES = 2 ** 31;

export interface Idx {
  readonly shape: readonly number[];
  readonly values: Uint8Array;
}

const HELP =
  'Get the file again from where the set is published; an interrupted download or unpacking is the usual cause.';

/** The values of the IDX file at `path`, which must have `dimensions` of them: 1 in a file of labels, 3 in one of images. */
export function readIdx(path: string, dimensions: number): Result<Idx> {
  const failure = (code: string, message: string, help = HELP) =>
    fail(code, `${basename(path)} ${message}.`, { place: path, help });
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    return failure(
      'DATA_UNREADABLE',
      `cannot be read: ${(error as Error).message}`,
      'Check the path and its permissions.',
    );
  }
  const headerBytes = 4 + 4 * dimensions;
  const packed = isGzip(bytes);
  let start = bytes;
  if (packed) {
    const unpacked = gunzipStart(bytes);
    if (!unpacked.ok) return failure(unpacked.error.code, unpacked.error.message);
    start = unpacked.value;
  }
  const header = readHeader(start, dimensions);
  if (!header.ok) return failure(header.error.code, header.error.message, header.error.help);

  const { shape } = header.value;
  const expected = headerBytes + shape.reduce((product, length) => product * length, 1);
  const announced = `its header announces [${shape.join(', ')}], that is ${bytesText(expected)}`;
  if (expected > MAX_BYTES)
    return failure(
      'DATA_WRONG_FORMAT',
      `is not believable: ${announced}, and at most ${bytesText(MAX_BYTES)} are read`,
    );
  if (packed) {
    if (expected > largestGunzip(bytes.length))
      return failure(
        'DATA_TRUNCATED',
        `is truncated: ${announced}, which ${bytesText(bytes.length)} of gzip cannot hold`,
      );
    const unpacked = gunzipWhole(bytes, expected);
    if (!unpacked.ok) return failure(unpacked.error.code, `${unpacked.error.message}; ${announced}`);
    bytes = unpacked.value;
  }
  if (bytes.length < expected)
    return failure('DATA_TRUNCATED', `is truncated: ${announced}, found ${bytesText(bytes.length)}`);
  if (bytes.length > expected)
    return failure('DATA_TOO_LONG', `is too long: ${announced}, found ${bytesText(bytes.length)}`);
  return ok({ shape, values: bytes.subarray(headerBytes) });
}

const CONTENTS: Readonly<Record<number, string>> = { 1: 'labels', 3: 'images' };

/** The shape, from the first bytes of the unpacked file. */
function readHeader(start: Uint8Array, dimensions: number): Result<{ shape: readonly number[] }> {
  const expected = hex([0, 0, UNSIGNED_BYTE, dimensions]);
  const wrong = (message: string, help = HELP): { ok: false; error: Failure } =>
    fail('DATA_WRONG_FORMAT', message, { help });
  const magic = start.subarray(0, 4);
  if (start.length < 4)
    return fail('DATA_TRUNCATED', `is truncated: found ${bytesText(start.length)}, less than an IDX header`);
  if (magic[0] !== 0 || magic[1] !== 0)
    return wrong(`is not an IDX file: expected it to begin with ${expected}, found ${hex(magic)}`);
  if (magic[2] !== UNSIGNED_BYTE)
    return wrong(`holds values of another type: expected ${expected} (unsigned bytes), found ${hex(magic)}`);
  if (magic[3] !== dimensions) {
    const holds = CONTENTS[magic[3] ?? 0];
    return wrong(
      `has ${magic[3]} dimension${magic[3] === 1 ? '' : 's'}, expected ${dimensions}: it holds ${holds ?? 'something else'}, not ${CONTENTS[dimensions]}`,
      holds === undefined ? HELP : 'Check that the files of images and labels were not exchanged.',
    );
  }
  const headerBytes = 4 + 4 * dimensions;
  if (start.length < headerBytes)
    return fail(
      'DATA_TRUNCATED',
      `is truncated: expected a header of ${bytesText(headerBytes)}, found ${bytesText(start.length)}`,
    );
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  return ok({ shape: Array.from({ length: dimensions }, (_, axis) => view.getUint32(4 + 4 * axis)) });
}

function hex(bytes: ArrayLike<number>): string {
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

function bytesText(count: number): string {
  return `${count.toLocaleString('en-US')} byte${count === 1 ? '' : 's'}`;
}
