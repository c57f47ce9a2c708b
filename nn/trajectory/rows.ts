/**
 * What a step takes of a learned array, and where its cotangent goes: the whole of it, or rows along the first axis (a
 * mini-batch of the synthetic set, the step size of this step out of one for each), which may come more than once.
 */
import { type Shape, sizeOf, type Tensor } from '../../tensor/tensor.ts';

export type Rows = ArrayLike<number>;

/** Rows of `whole`, in the shape that a step expects of them. */
export function taken(whole: Tensor, rows: Rows | undefined, shape: Shape): Tensor {
  if (!rows) return whole;
  const size = rowSize(whole, rows, sizeOf(shape));
  const data = emptyLike(whole, sizeOf(shape));
  for (let index = 0; index < rows.length; index++) {
    const from = (rows[index] as number) * size;
    data.set(whole.data.subarray(from, from + size), index * size);
  }
  return { dtype: whole.dtype, shape, data };
}

/** Sums of cotangents in the shape of a learned array; in double precision, whatever the steps compute in. */
export class Accumulated {
  readonly #whole: Tensor;
  readonly #sums: Float64Array;

  constructor(whole: Tensor) {
    this.#whole = whole;
    this.#sums = new Float64Array(whole.data.length);
  }

  add({ data }: Tensor, rows: Rows | undefined): void {
    const sums = this.#sums;
    if (!rows) {
      for (let i = 0; i < sums.length; i++) sums[i]! += data[i]!;
      return;
    }
    const size = rowSize(this.#whole, rows, data.length);
    for (let index = 0; index < rows.length; index++) {
      const to = (rows[index] as number) * size;
      for (let i = 0; i < size; i++) sums[to + i]! += data[index * size + i]!;
    }
  }

  /** Of the learned array's own precision. */
  total(): Tensor {
    const { shape, data } = this.#whole;
    return { dtype: 'float', shape, data: data instanceof Float64Array ? this.#sums : Float32Array.from(this.#sums) };
  }
}

function rowSize({ data, shape }: Tensor, rows: Rows, expected: number): number {
  const count = shape[0] ?? 1;
  const size = data.length / count;
  if (rows.length * size !== expected) {
    throw new Error(`Rows of [${shape}] hold ${size} values each: ${rows.length} of them are not ${expected} values`);
  }
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] as number;
    if (!(row >= 0 && row < count)) throw new Error(`There is no row ${row} in [${shape}]`);
  }
  return size;
}

function emptyLike({ data }: Tensor, length: number) {
  if (data instanceof Float64Array) return new Float64Array(length);
  if (data instanceof Int32Array) return new Int32Array(length);
  return data instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
}
