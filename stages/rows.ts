/** Tensors along their first axis: a run of rows, chosen rows, rows put together. */
import { floats, type Tensor } from '../tensor/tensor.ts';

/** Rows `start` to `start + count` of a float tensor; a view, nothing is copied. */
export function rows(tensor: Tensor, start: number, count: number): Tensor {
  const size = rowSize(tensor);
  const data = float32(tensor).subarray(start * size, (start + count) * size);
  return floats(data, [count, ...tensor.shape.slice(1)]);
}

/** The rows at `indices`, in that order. */
export function chosenRows(tensor: Tensor, indices: ArrayLike<number>): Tensor {
  const size = rowSize(tensor);
  const from = float32(tensor);
  const data = new Float32Array(indices.length * size);
  for (let row = 0; row < indices.length; row++) {
    const start = (indices[row] ?? 0) * size;
    data.set(from.subarray(start, start + size), row * size);
  }
  return floats(data, [indices.length, ...tensor.shape.slice(1)]);
}

export function stacked(parts: readonly Tensor[]): Tensor {
  const [first] = parts;
  if (!first) throw new Error('Internal error: expected tensors to put together');
  const count = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
  const data = new Float32Array(count * rowSize(first));
  let to = 0;
  for (const part of parts) {
    data.set(part.data, to);
    to += part.data.length;
  }
  return floats(data, [count, ...first.shape.slice(1)]);
}

export function zerosLike(tensor: Tensor): Tensor {
  return floats(new Float32Array(tensor.data.length), tensor.shape);
}

function rowSize({ shape }: Tensor): number {
  return shape.slice(1).reduce((product, length) => product * length, 1);
}

function float32({ data }: Tensor): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data);
}
