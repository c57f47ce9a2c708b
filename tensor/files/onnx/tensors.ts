/**
 * Tensors of an ONNX file. The shape is checked against the bytes that are there before anything is made of them, and
 * data kept in other files is refused: a model must not make us read what its author chose.
 */

import type { Shape, Tensor } from '../../tensor.ts';
import { type FileType, fileTypes } from '../file-types.ts';
import { damage, eachField } from './wire.ts';

/** `TensorProto.DataType` by number. */
const types: Readonly<Record<number, FileType>> = {
  1: 'F32',
  2: 'U8',
  3: 'I8',
  5: 'I16',
  6: 'I32',
  7: 'I64',
  9: 'BOOL',
  10: 'F16',
  11: 'F64',
  16: 'BF16',
};

const MOST_AXES = 64;

export function tensorOf(bytes: Uint8Array): { name: string; tensor: Tensor } {
  let name = '';
  let type = 0;
  let raw: Uint8Array | undefined;
  const shape: number[] = [];
  const listed: number[] = [];
  const add = (values: readonly number[]) => {
    for (const value of values) listed.push(value);
  };
  eachField(bytes, (number, field) => {
    if (number === 1) {
      shape.push(...field.ints().slice(0, MOST_AXES + 1));
      if (shape.length > MOST_AXES) damage(`a tensor has more than ${MOST_AXES} axes`);
    } else if (number === 2) type = field.int();
    else if (number === 4) add(field.floats());
    else if (number === 5 || number === 7) add(field.ints());
    else if (number === 8) name = field.string();
    else if (number === 9) raw = field.bytes();
    else if (number === 10) add(field.doubles());
    else if (number === 13) damage(`the tensor ${name} keeps its data in another file`);
    else if (number === 14 && field.int() !== 0) damage(`the tensor ${name} keeps its data in another file`);
  });
  const fileType = types[type];
  if (!fileType) damage(`the tensor ${name} has the unknown type ${type}`);
  const count = elementCount(name, shape);
  return {
    name,
    tensor: raw ? fromBytes(name, fileType, shape, count, raw) : fromList(name, fileType, shape, count, listed),
  };
}

function elementCount(name: string, shape: Shape): number {
  let count = 1;
  for (const extent of shape) {
    if (extent < 0) damage(`the tensor ${name} has the shape [${shape}]`);
    count *= extent;
  }
  if (!Number.isSafeInteger(count)) damage(`the tensor ${name} has the shape [${shape}], too large for any file`);
  return count;
}

function fromBytes(name: string, type: FileType, shape: Shape, count: number, raw: Uint8Array): Tensor {
  const { bytes, read } = fileTypes[type];
  if (raw.length !== count * bytes) {
    damage(
      `the tensor ${name} of shape [${shape}] and type ${type} needs ${count * bytes} bytes and has ${raw.length}`,
    );
  }
  if (type === 'I64')
    return { dtype: 'int', shape, data: saturatedInts(new BigInt64Array(new Uint8Array(raw).buffer)) };
  return read(raw, shape) ?? damage(`the tensor ${name} holds values that have no place here`);
}

/** Numbers one by one, as small constants may be written. */
function fromList(name: string, type: FileType, shape: Shape, count: number, listed: readonly number[]): Tensor {
  if (listed.length !== count) {
    damage(`the tensor ${name} of shape [${shape}] needs ${count} numbers and has ${listed.length}`);
  }
  if (type === 'F16' || type === 'BF16') {
    // Their bits, in the low half of a whole number.
    return fromBytes(name, type, shape, count, new Uint8Array(Uint16Array.from(listed).buffer));
  }
  if (type === 'F64') return { dtype: 'float', shape, data: Float64Array.from(listed) };
  if (type === 'F32') return { dtype: 'float', shape, data: Float32Array.from(listed) };
  if (type === 'BOOL') return { dtype: 'bool', shape, data: Uint8Array.from(listed, (value) => (value === 0 ? 0 : 1)) };
  return { dtype: 'int', shape, data: Int32Array.from(listed, saturated) };
}

/** Whole numbers of 64 bits are axes, extents and "to the end": what is beyond 32 bits only means "far". */
function saturatedInts(values: BigInt64Array): Int32Array {
  return Int32Array.from(values, (value) => saturated(Number(value)));
}

function saturated(value: number): number {
  return Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), value));
}
