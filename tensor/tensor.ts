/**
 * A tensor: a concrete value, row-major. What programs take in and give out, what states and files hold.
 * Tensors are never changed once made.
 */
export type DType = 'float' | 'int' | 'bool';
export type Shape = readonly number[];

/** `float` is float32 everywhere but in the reference backend, which computes in float64. `bool` is 0 or 1. */
export type TensorData = Float32Array | Float64Array | Int32Array | Uint8Array;

export interface Tensor {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: TensorData;
}

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1);
}

function checked<D extends TensorData>(dtype: DType, data: D, shape: Shape) {
  if (data.length !== sizeOf(shape)) {
    throw new Error(`Expected ${sizeOf(shape)} values for shape [${shape}], got ${data.length}`);
  }
  return { dtype, shape, data };
}

/** A float tensor; plain arrays become float32, shape defaults to a vector. */
export function floats(data: ArrayLike<number> | Float64Array, shape: Shape = [data.length]): Tensor {
  const values = data instanceof Float32Array || data instanceof Float64Array ? data : Float32Array.from(data);
  return checked('float', values, shape);
}

export function ints(data: ArrayLike<number>, shape: Shape = [data.length]): Tensor {
  return checked('int', data instanceof Int32Array ? data : Int32Array.from(data), shape);
}

export function bools(data: ArrayLike<number>, shape: Shape = [data.length]): Tensor {
  return checked('bool', data instanceof Uint8Array ? data : Uint8Array.from(data), shape);
}

export function scalar(value: number): Tensor {
  return floats([value], []);
}

/** The float32 view of a float tensor (a copy only where it is float64). */
export function asFloat32(tensor: Tensor): Float32Array {
  return tensor.data instanceof Float32Array ? tensor.data : Float32Array.from(tensor.data);
}
