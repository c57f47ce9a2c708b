/**
 * The safetensors format: 8 bytes of header length (little-endian), a JSON header `{name: {dtype, shape, data_offsets}}`
 * padded with spaces to 8 bytes, then the tensors' bytes without holes. PyTorch and others load what is written here.
 * Reading trusts nothing: every length, offset and overlap is checked before a byte is looked at.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import { sizeOf, type Tensor } from '../tensor.ts';
import { type FileType, fileTypeOf, fileTypes } from './file-types.ts';

export interface TensorFile {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's own limit. */
const LARGEST_HEADER = 100 * 2 ** 20;

interface HeaderEntry {
  readonly dtype: FileType;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Numbers in a type of the file's that tensors of ours do not have: halves, short integers. */
export interface TypedData {
  readonly dtype: FileType;
  readonly shape: readonly number[];
  readonly data: ArrayBufferView;
}

export function encodeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const typed = Object.entries(tensors).map(([name, tensor]) => [
    name,
    { dtype: fileTypeOf(tensor), shape: tensor.shape, data: tensor.data },
  ]);
  return encodeTyped(Object.fromEntries(typed), metadata);
}

/** Deterministic bytes: tensors by falling size of an element, then by name, as the reference writer orders them. */
export function encodeTyped(
  tensors: Readonly<Record<string, TypedData>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const entries = Object.entries(tensors)
    .map(([name, tensor]) => ({ name, tensor, dtype: tensor.dtype }))
    .sort((a, b) => fileTypes[b.dtype].bytes - fileTypes[a.dtype].bytes || (a.name < b.name ? -1 : 1));
  const header: Record<string, unknown> = {};
  const sorted = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  if (sorted.length > 0) header.__metadata__ = Object.fromEntries(sorted);
  let size = 0;
  for (const { name, tensor, dtype } of entries) {
    const { byteLength } = tensor.data;
    header[name] = { dtype, shape: tensor.shape, data_offsets: [size, size + byteLength] };
    size += byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const start = 8 + Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(start + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.fill(0x20, 8, start);
  bytes.set(json, 8);
  let at = start;
  for (const { tensor } of entries) {
    const { buffer, byteOffset, byteLength } = tensor.data;
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return bytes;
}

export interface TensorEntry {
  readonly dtype: FileType;
  readonly shape: readonly number[];
  /** Bytes of the file, `to` outside. */
  readonly from: number;
  readonly to: number;
}

export interface TensorFileHeader {
  readonly metadata: Readonly<Record<string, string>>;
  readonly entries: ReadonlyMap<string, TensorEntry>;
}

/** What a file holds and where, of one that is too large to be read whole: `read` gives a part, `size` is its length. */
export function readTensorHeader(
  read: (from: number, to: number) => Uint8Array,
  size: number,
  place?: string,
): Result<TensorFileHeader> {
  const header = headerOfParts(read, size);
  return header.ok || place === undefined ? header : { ok: false, error: { ...header.error, place } };
}

function headerOfParts(read: (from: number, to: number) => Uint8Array, size: number): Result<TensorFileHeader> {
  if (size < 8) return damaged(`it has ${size} bytes and needs 8 for the header's length`);
  const length = lengthOfHeader(read(0, 8), size);
  if (!length.ok) return length;
  const start = 8 + length.value;
  const json = parseHeader(read(8, start));
  if (!json.ok) return json;
  const entries = checkEntries(json.value, size - start);
  if (!entries.ok) return entries;
  return ok({
    metadata: (json.value.__metadata__ ?? {}) as Record<string, string>,
    entries: new Map(
      entries.value.map(
        ([
          name,
          {
            dtype,
            shape,
            data_offsets: [from, to],
          },
        ]) => [name, { dtype, shape, from: start + from, to: start + to }],
      ),
    ),
  });
}

/** `place` names the file in failures. */
export function decodeSafetensors(bytes: Uint8Array, place?: string): Result<TensorFile> {
  const decoded = decode(bytes);
  return decoded.ok || place === undefined ? decoded : { ok: false, error: { ...decoded.error, place } };
}

function decode(bytes: Uint8Array): Result<TensorFile> {
  const header = readHeader(bytes);
  if (!header.ok) return header;
  const { start, json } = header.value;
  const checked = checkEntries(json, bytes.length - start);
  if (!checked.ok) return checked;
  const tensors: [string, Tensor][] = [];
  for (const [name, { dtype, shape, data_offsets }] of checked.value) {
    const data = bytes.subarray(start + data_offsets[0], start + data_offsets[1]);
    const read = fileTypes[dtype].read(data, shape);
    if (!read) return damaged(`the tensor ${name} holds whole numbers over 2^31`);
    tensors.push([name, read]);
  }
  return ok({ tensors: Object.fromEntries(tensors), metadata: (json.__metadata__ ?? {}) as Record<string, string> });
}

function damaged(reason: string): ReturnType<typeof fail> {
  return fail('TENSOR_FILE_DAMAGED', `This is no sound safetensors file: ${reason}`, {
    help: 'Copy or make the file again.',
  });
}

function readHeader(bytes: Uint8Array): Result<{ start: number; json: Record<string, unknown> }> {
  if (bytes.length < 8) return damaged(`it has ${bytes.length} bytes and needs 8 for the header's length`);
  const length = lengthOfHeader(bytes, bytes.length);
  if (!length.ok) return length;
  const start = 8 + length.value;
  const json = parseHeader(bytes.subarray(8, start));
  return json.ok ? ok({ start, json: json.value }) : json;
}

function lengthOfHeader(bytes: Uint8Array, size: number): Result<number> {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true);
  if (length > LARGEST_HEADER) return damaged(`its header claims ${length} bytes, over the format's limit`);
  if (8 + Number(length) > size) return damaged(`its header claims ${length} bytes of a file of ${size}`);
  return ok(Number(length));
}

function parseHeader(bytes: Uint8Array): Result<Record<string, unknown>> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const json: unknown = text.startsWith('{') ? JSON.parse(text) : undefined;
    if (typeof json !== 'object' || json === null) return damaged('its header is no JSON object');
    return ok(json as Record<string, unknown>);
  } catch {
    return damaged('its header is no JSON');
  }
}

function checkEntries(json: Record<string, unknown>, size: number): Result<(readonly [string, HeaderEntry])[]> {
  const { __metadata__: metadata, ...rest } = json;
  if (metadata !== undefined && !isStringMap(metadata)) return damaged('its metadata is no map of strings');
  const entries: (readonly [string, HeaderEntry])[] = [];
  for (const [name, value] of Object.entries(rest)) {
    const problem = entryProblem(value, size);
    if (problem !== undefined) return damaged(`the tensor ${name} ${problem}`);
    entries.push([name, value as HeaderEntry]);
  }
  // Sorted by where they begin, each has to begin where the last one ended: no holes, no overlap, nothing left over.
  let end = 0;
  const inOrder = [...entries].sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
  for (const [name, { data_offsets }] of inOrder) {
    if (data_offsets[0] !== end) return damaged(`the tensor ${name} begins at ${data_offsets[0]}, not at ${end}`);
    end = data_offsets[1];
  }
  if (end !== size) return damaged(`it holds ${size} bytes of data, of which its header names ${end}`);
  return ok(entries);
}

/** Undefined where the entry is sound by itself. */
function entryProblem(value: unknown, size: number): string | undefined {
  if (typeof value !== 'object' || value === null) return 'has no description';
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  if (typeof dtype !== 'string' || !Object.hasOwn(fileTypes, dtype)) return `has the unknown type ${String(dtype)}`;
  if (!isCounts(shape)) return 'has a shape that is no list of whole numbers';
  if (!isCounts(offsets) || offsets.length !== 2) return 'has no place in the file';
  const [begin = 0, end = 0] = offsets;
  if (begin > end || end > size) return `claims the bytes ${begin} to ${end} of ${size}`;
  const wanted = sizeOf(shape) * fileTypes[dtype as FileType].bytes;
  return wanted === end - begin ? undefined : `needs ${wanted} bytes and has ${end - begin}`;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((entry) => Number.isSafeInteger(entry) && entry >= 0);
}

function isStringMap(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((entry) => typeof entry === 'string')
  );
}
