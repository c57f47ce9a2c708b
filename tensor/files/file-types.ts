/** The element types of tensor files, and how each becomes one of ours. Files are little-endian, as every machine that runs Node. */
import { type Shape, sizeOf, type Tensor } from '../tensor.ts';

export type FileType = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL';

interface FileTypeRule {
  /** Of an element. */
  readonly bytes: number;
  /** Undefined where a value has no place in our type. */
  read(data: Uint8Array, shape: Shape): Tensor | undefined;
}

/** A copy, so that it is aligned and does not keep the file's bytes alive. */
function copied(data: Uint8Array): ArrayBuffer {
  return new Uint8Array(data).buffer;
}

const ints = (values: Int16Array | Int8Array | Uint8Array, shape: Shape): Tensor => ({
  dtype: 'int',
  shape,
  data: Int32Array.from(values),
});

function wideInts(data: Uint8Array, shape: Shape): Tensor | undefined {
  const wide = new BigInt64Array(copied(data));
  const narrow = Int32Array.from(wide, Number);
  const fits = wide.every((value, index) => value === BigInt(narrow[index] ?? 0));
  return fits ? { dtype: 'int', shape, data: narrow } : undefined;
}

/** A float32 from the upper half of its bits. */
function fromBfloat16(data: Uint8Array): Float32Array {
  const halves = new Uint16Array(copied(data));
  return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
}

/** IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. */
function fromFloat16(data: Uint8Array): Float32Array {
  return Float32Array.from(new Uint16Array(copied(data)), (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
  });
}

/** The nearest half of each, ties to even; beyond the largest one the infinities, as hardware does. */
export function toFloat16(values: ArrayLike<number>): Uint16Array {
  const bits = new Uint32Array(1);
  const single = new Float32Array(bits.buffer);
  return Uint16Array.from(values, (value) => {
    single[0] = value;
    const [word = 0] = bits;
    const sign = (word >>> 16) & 0x8000;
    const magnitude = word & 0x7fffffff;
    if (magnitude > 0x7f800000) return sign | 0x7e00;
    if (magnitude >= 0x477ff000) return sign | 0x7c00;
    // Below 2^-14 steps are of 2^-24; above, thirteen bits of the fraction go, and a carry may raise the exponent.
    if (magnitude < 0x38800000) return sign | roundedToEven(Math.abs(single[0] as number) * 2 ** 24);
    const odd = (magnitude >>> 13) & 1;
    return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13);
  });
}

function roundedToEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}

export const fileTypes: Readonly<Record<FileType, FileTypeRule>> = {
  F64: { bytes: 8, read: (data, shape) => ({ dtype: 'float', shape, data: new Float64Array(copied(data)) }) },
  F32: { bytes: 4, read: (data, shape) => ({ dtype: 'float', shape, data: new Float32Array(copied(data)) }) },
  F16: { bytes: 2, read: (data, shape) => ({ dtype: 'float', shape, data: fromFloat16(data) }) },
  BF16: { bytes: 2, read: (data, shape) => ({ dtype: 'float', shape, data: fromBfloat16(data) }) },
  I64: { bytes: 8, read: wideInts },
  I32: { bytes: 4, read: (data, shape) => ({ dtype: 'int', shape, data: new Int32Array(copied(data)) }) },
  I16: { bytes: 2, read: (data, shape) => ints(new Int16Array(copied(data)), shape) },
  I8: { bytes: 1, read: (data, shape) => ints(new Int8Array(copied(data)), shape) },
  U8: { bytes: 1, read: (data, shape) => ints(data, shape) },
  BOOL: { bytes: 1, read: (data, shape) => ({ dtype: 'bool', shape, data: Uint8Array.from(data) }) },
};

/** What a tensor is written as; reading gives it back exactly. */
export function fileTypeOf({ dtype, shape, data }: Tensor): FileType {
  const type = data instanceof Float64Array ? 'F64' : dtype === 'float' ? 'F32' : dtype === 'int' ? 'I32' : 'BOOL';
  if (data.byteLength !== sizeOf(shape) * fileTypes[type].bytes) {
    throw new Error(`Internal error: expected ${type} data for a ${dtype} tensor of shape [${shape}]`);
  }
  return type;
}
