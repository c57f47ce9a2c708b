/** What a pickle can hold here: data, and nothing that acts. */

/** A byte string of Python, which in old pickles is also how text is stored. */
export class PickledBytes {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  text(): string {
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength).toString('latin1');
  }
}

/** A NumPy array, row-major. */
export interface PickledArray {
  readonly shape: readonly number[];
  /** NumPy's letter and size: `u1`, `i8`, `f4`. */
  readonly type: string;
  readonly bytes: Uint8Array;
}

export type PickledValue =
  | null
  | boolean
  | number
  | string
  | PickledBytes
  | PickledArray
  | readonly PickledValue[]
  | ReadonlyMap<string, PickledValue>;

/** Text of either kind of string. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : value instanceof PickledBytes ? value.text() : undefined;
}
