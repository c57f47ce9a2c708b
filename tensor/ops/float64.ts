/** A tensor's numbers in float64: the precision of every evaluation here. */
import type { Tensor } from '../tensor.ts';

export function asFloat64({ data }: Tensor): Float64Array {
  return data instanceof Float64Array ? data : Float64Array.from(data);
}
