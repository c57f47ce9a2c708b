/**
 * Reader of MATLAB files (level 5, since 1996) as far as SVHN needs it: real arrays of numbers, each element plain or
 * packed by zlib. The file is 128 bytes of header, then elements of 8 bytes of tag (type, length) and data padded to 8.
 *
 * Invariant: an array has as many values as its dimensions say; lengths are never believed beyond what holds them. Arrays
 * of other kinds (text, structures, sparse) are skipped.
 */
import { constants, inflateSync } from 'node:zlib';
import { fail, ok, type Result } from '../base/result.ts';

export interface MatArray {
  /** Dimensions as MATLAB has them; values are column-major, the first dimension runs fastest. */
  readonly shape: readonly number[];
  readonly values: Uint8Array | Float64Array;
}

const HEADER = 128;
const MATRIX = 14;
const PACKED = 15;
/** A packed element longer than this when unpacked is refused; SVHN's largest has 1.6 GB. */
const LARGEST = 2 ** 31;

/** How a value of each data type is read: bytes, and where they stand. */
const READERS: Readonly<Record<number, readonly [number, (view: DataView, at: number, little: boolean) => number]>> = {
  1: [1, (view, at) => view.getInt8(at)],
  2: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at, little) => view.getInt16(at, little)],
  4: [2, (view, at, little) => view.getUint16(at, little)],
  5: [4, (view, at, little) => view.getInt32(at, little)],
  6: [4, (view, at, little) => view.getUint32(at, little)],
  7: [4, (view, at, little) => view.getFloat32(at, little)],
  9: [8, (view, at, little) => view.getFloat64(at, little)],
};
const BYTES = 2;

interface Element {
  readonly type: number;
  readonly data: Uint8Array;
  /** Where the next one begins. */
  readonly next: number;
}

export function readMat(bytes: Uint8Array): Result<ReadonlyMap<string, MatArray>> {
  if (bytes.length < HEADER) return truncated(bytes);
  const order = String.fromCharCode(bytes[126] as number, bytes[127] as number);
  if (order !== 'IM' && order !== 'MI') {
    const hdf = new TextDecoder('latin1').decode(bytes.subarray(0, 10)).startsWith('MATLAB 7.3');
    return fail('DATA_WRONG_FORMAT', `is not a MATLAB file of level 5${hdf ? ' but of version 7.3 (HDF5)' : ''}`);
  }
  const little = order === 'IM';
  const arrays = new Map<string, MatArray>();
  for (let at = HEADER; at < bytes.length; ) {
    const element = elementAt(bytes, at, little);
    if (!element) return truncated(bytes);
    at = element.next;
    const matrix = element.type === PACKED ? unpacked(element.data, little) : ok(element);
    if (!matrix.ok) return matrix;
    if (matrix.value.type !== MATRIX) continue;
    const array = arrayOf(matrix.value.data, little);
    if (!array.ok) return array;
    if (array.value) arrays.set(array.value.name, array.value.array);
  }
  return ok(arrays);
}

function truncated(bytes: Uint8Array): Result<never> {
  return fail('DATA_TRUNCATED', `is truncated: it goes on after ${bytes.length.toLocaleString('en-US')} bytes`);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The element at a place; undefined where the bytes end before it does. */
function elementAt(bytes: Uint8Array, at: number, little: boolean): Element | undefined {
  if (bytes.length < at + 8) return undefined;
  const view = viewOf(bytes);
  const word = view.getUint32(at, little);
  // Up to four bytes of data may stand in the tag itself.
  const small = word >>> 16;
  if (small > 0)
    return { type: word & 0xffff, data: bytes.subarray(at + 4, at + 4 + Math.min(small, 4)), next: at + 8 };
  const length = view.getUint32(at + 4, little);
  const end = at + 8 + length;
  if (end > bytes.length) return undefined;
  const padded = word === PACKED ? end : at + 8 + Math.ceil(length / 8) * 8;
  return { type: word, data: bytes.subarray(at + 8, end), next: Math.min(padded, bytes.length) };
}

function unpacked(packed: Uint8Array, little: boolean): Result<Element> {
  try {
    // The tag first: it says how long the rest may be.
    const start = inflateSync(packed.subarray(0, 4096), { finishFlush: constants.Z_SYNC_FLUSH });
    const length = start.length < 8 ? 0 : viewOf(start).getUint32(4, little);
    if (length > LARGEST) return fail('DATA_WRONG_FORMAT', `is not believable: an array of ${length} bytes`);
    const bytes = inflateSync(packed, { maxOutputLength: length + 16 });
    const element = elementAt(bytes, 0, little);
    return element ? ok(element) : truncated(bytes);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') return fail('DATA_TRUNCATED', 'is truncated: a packed array in it is incomplete');
    return fail('DATA_CORRUPT', `is damaged: a packed array in it cannot be unpacked (${message})`);
  }
}

/** Undefined for an array that is not of real numbers. */
function arrayOf(matrix: Uint8Array, little: boolean): Result<{ name: string; array: MatArray } | undefined> {
  const parts: Element[] = [];
  for (let at = 0; at < matrix.length && parts.length < 4; ) {
    const part = elementAt(matrix, at, little);
    if (!part) return truncated(matrix);
    parts.push(part);
    at = part.next;
  }
  const [flags, dimensions, name, real] = parts;
  if (!flags || flags.data.length < 4 || !dimensions || !name) return damaged('an array without dimensions or name');
  const kind = viewOf(flags.data).getUint32(0, little) & 0xff;
  const complex = (viewOf(flags.data).getUint32(0, little) & 0x800) !== 0;
  if (kind < 6 || kind > 13 || complex) return ok(undefined);
  const shape = Array.from({ length: dimensions.data.length / 4 }, (_, axis) =>
    viewOf(dimensions.data).getInt32(axis * 4, little),
  );
  const count = shape.reduce((product, side) => product * side, 1);
  const reader = real && READERS[real.type];
  if (!real || !reader) return damaged('an array whose numbers are of an unknown type');
  const [size, read] = reader;
  if (real.data.length !== count * size) {
    return damaged(`an array of [${shape}] with ${real.data.length} bytes of numbers instead of ${count * size}`);
  }
  const view = viewOf(real.data);
  const values =
    real.type === BYTES
      ? real.data
      : Float64Array.from({ length: count }, (_, index) => read(view, index * size, little));
  return ok({ name: new TextDecoder('latin1').decode(name.data), array: { shape, values } });
}

function damaged(what: string): Result<never> {
  return fail('DATA_CORRUPT', `is damaged: it holds ${what}`);
}
