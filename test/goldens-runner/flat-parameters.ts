/** Flat parameter vectors of trajectory cases: tensors in the order of `params.parameters`, each row-major. */
import type { JsonObject } from '../../base/json.ts';
import { floats, type Shape, sizeOf, type Tensor } from '../../tensor/tensor.ts';

export interface NamedShape {
  readonly name: string;
  readonly shape: Shape;
}

export function parameterList(params: JsonObject): readonly NamedShape[] {
  return params.parameters as unknown as readonly NamedShape[];
}

/** The tensors of a flat vector by name. */
export function unflattened({ data }: Tensor, list: readonly NamedShape[]): Record<string, Tensor> {
  let from = 0;
  return Object.fromEntries(
    list.map(({ name, shape }) => {
      const values = Float64Array.from(data.subarray(from, from + sizeOf(shape)));
      from += values.length;
      return [name, floats(values, shape)];
    }),
  );
}

export function flattened(values: Readonly<Record<string, Tensor>>, list: readonly NamedShape[]): Tensor {
  return floats(Float64Array.from(list.flatMap(({ name }) => Array.from((values[name] as Tensor).data))));
}

/** Vectors of several states, one a row. */
export function stacked(vectors: readonly Tensor[]): Tensor {
  const [first] = vectors;
  return floats(Float64Array.from(vectors.flatMap(({ data }) => Array.from(data))), [
    vectors.length,
    first?.data.length ?? 0,
  ]);
}
