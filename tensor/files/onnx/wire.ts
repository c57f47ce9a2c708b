/**
 * The wire format of Protocol Buffers, read without trust: every length is checked against the message it stands in,
 * groups are refused, and lists have a most, so that a small file cannot ask for much memory. What is wrong throws
 * `Damage`, which the reader of the model turns into a failure.
 */
import { Reader } from 'protobufjs/minimal.js';

export class Damage extends Error {}

export function damage(message: string): never {
  throw new Damage(message);
}

/** One field of a message as it is read. A `Field` is only valid while its handler runs. */
export interface Field {
  bytes(): Uint8Array;
  string(): string;
  /** A whole number of up to 64 bits, exact to 2^53 and saturated beyond. */
  int(): number;
  float(): number;
  /** One number, or a packed list of them. */
  ints(): number[];
  floats(): number[];
  doubles(): number[];
}

/** The most bytes of one packed list of whole numbers, each of which takes eight in memory: weights are no such lists. */
const MOST_PACKED = 2 ** 22;

const VARINT = 0;
const EIGHT_BYTES = 1;
const LENGTH = 2;
const FOUR_BYTES = 5;

/** Calls `visit` with every field of a message in order; fields that it does not read are skipped. */
export function eachField(message: Uint8Array, visit: (field: number, value: Field) => void): void {
  const reader = Reader.create(message);
  try {
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      const [number, wireType] = [tag >>> 3, tag & 7];
      if (number === 0) damage('a field has the number 0');
      if (![VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES].includes(wireType))
        damage(`a field has the wire type ${wireType}`);
      const before = reader.pos;
      visit(number, fieldOf(reader, wireType));
      if (reader.pos === before) reader.skipType(wireType);
    }
  } catch (error) {
    throw error instanceof Damage ? error : new Damage('a length reaches beyond its message');
  }
}

function fieldOf(reader: Reader, wireType: number): Field {
  const demand = (wanted: number) => {
    if (wireType !== wanted) damage(`a field has the wire type ${wireType}, not ${wanted}`);
  };
  const packed = (wanted: number, read: (from: Reader) => number): number[] => {
    if (wireType === wanted) return [read(reader)];
    demand(LENGTH);
    const list = Reader.create(reader.bytes());
    if (wanted === VARINT && list.len > MOST_PACKED) damage(`a list of whole numbers has over ${MOST_PACKED} bytes`);
    const values: number[] = [];
    while (list.pos < list.len) values.push(read(list));
    return values;
  };
  return {
    bytes: () => {
      demand(LENGTH);
      return reader.bytes();
    },
    string: () => {
      demand(LENGTH);
      return text(reader.bytes());
    },
    int: () => {
      demand(VARINT);
      return wide(reader);
    },
    float: () => {
      demand(FOUR_BYTES);
      return reader.float();
    },
    ints: () => packed(VARINT, wide),
    floats: () => packed(FOUR_BYTES, (from) => from.float()),
    doubles: () => packed(EIGHT_BYTES, (from) => from.double()),
  };
}

function text(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return damage('a name is no UTF-8');
  }
}

/** ONNX's int64, by hand: the reader's own needs a library for wide numbers. */
function wide(reader: Reader): number {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    if (reader.pos >= reader.len) damage('a number is cut off');
    const byte = reader.buf[reader.pos++] ?? 0;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return saturated(BigInt.asIntN(64, value));
  }
  return damage('a number is longer than 64 bits');
}

function saturated(value: bigint): number {
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  return Number(value > most ? most : value < -most ? -most : value);
}
