/** Row-major layouts for evaluation: a view of a tensor is the list of the offsets that it reads, in its own order. */
import { type Shape, sizeOf, type Tensor, type TensorData } from '../tensor.ts';
import type { Signature } from './definition.ts';

/** A zeroed array for a result; floats are float64 here. */
export function allocate({ shape, dtype }: Signature): TensorData {
  const size = sizeOf(shape);
  if (dtype === 'float') return new Float64Array(size);
  return dtype === 'int' ? new Int32Array(size) : new Uint8Array(size);
}

export function tensorOf(out: Signature, data: TensorData): Tensor {
  return { dtype: out.dtype, shape: out.shape, data };
}

export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** Strides of `shape` read as `target`: 0 along axes that stretch. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const strides = stridesOf(shape);
  const missing = target.length - shape.length;
  return target.map((_, axis) => (axis < missing || shape[axis - missing] === 1 ? 0 : strides[axis - missing]!));
}

/** Offsets start + Σ index·stride over all indices of `shape`, row-major. */
export function offsetsOf(shape: Shape, strides: readonly number[], start = 0): Int32Array {
  const size = sizeOf(shape);
  const offsets = new Int32Array(size);
  if (size === 0) return offsets;
  offsets[0] = start;
  let filled = 1;
  // Axis by axis from the last: what is filled is repeated with a shift.
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const length = shape[axis]!;
    const block = filled;
    for (let index = 1; index < length; index++) {
      const shift = index * strides[axis]!;
      for (let inner = 0; inner < block; inner++) offsets[filled++] = offsets[inner]! + shift;
    }
  }
  return offsets;
}

/** The elements of `data` at `offsets`. */
export function read(data: TensorData, offsets: Int32Array, out: Signature): Tensor {
  const values = allocate(out);
  for (let index = 0; index < offsets.length; index++) values[index] = data[offsets[index]!]!;
  return tensorOf(out, values);
}

/** Lengths before, at and after an axis: [before, length, after]. */
export function around(shape: Shape, axis: number): [before: number, length: number, after: number] {
  return [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))];
}

/** Offsets of the rows' starts and, from there, of their elements: a row is what one result is made of. */
export function rowsOf(shape: Shape, axes: readonly number[]): { starts: Int32Array; elements: Int32Array } {
  const strides = stridesOf(shape);
  const view = (chosen: boolean) => {
    const kept = shape.map((_, axis) => axis).filter((axis) => axes.includes(axis) === chosen);
    return offsetsOf(
      kept.map((axis) => shape[axis]!),
      kept.map((axis) => strides[axis]!),
    );
  };
  return { starts: view(false), elements: view(true) };
}
