/**
 * Collects the nodes of one TensorFlow graph. A value is known by its tensor name, shape and type; equal constants are
 * stored once and equal nodes emitted once, so that emissions may ask for the same helper value freely.
 */
import { asFloat32, type DType, type Shape, type Tensor } from '../../tensor.ts';
import type { Source } from '../source.ts';
import type { DataType, Endpoint, GraphNode, NodeAttribute, SavedModel } from './graph-def.ts';

/** Of rank 4, `nhwc` values hold images with channels last, in which TensorFlow's kernels for the processor work. */
export type Layout = 'plain' | 'nhwc';

export interface Value {
  readonly tensor: string;
  /** As it lies in memory, so permuted where the layout is. */
  readonly shape: Shape;
  readonly type: DataType;
  readonly layout: Layout;
}

export const TO_NHWC = [0, 2, 3, 1] as const;
export const TO_PLAIN = [0, 3, 1, 2] as const;

export function dataType(dtype: DType): DataType {
  return dtype === 'float' ? 'float' : dtype === 'int' ? 'int32' : 'bool';
}

export function permuted<T>(values: readonly T[], perm: readonly number[]): T[] {
  return perm.map((axis) => values[axis] as T);
}

export interface NodeResult {
  readonly shape: Shape;
  readonly type?: DataType;
  readonly layout?: Layout;
}

export class GraphBuilder {
  /** What is being emitted. */
  source: Source | undefined;
  readonly #nodes: GraphNode[] = [];
  readonly #known = new Map<string, string>();
  readonly #inputs: Endpoint[] = [];
  readonly #outputs: Endpoint[] = [];

  /** A node; output `index` of it. Its type is that of its first input unless said otherwise. */
  node(
    op: string,
    inputs: readonly Value[],
    attributes: Record<string, NodeAttribute>,
    { shape, type = inputs[0]?.type ?? 'float', layout = 'plain' }: NodeResult,
    index = 0,
  ): Value {
    const names = inputs.map((input) => input.tensor);
    const identity = JSON.stringify([op, names, attributes]);
    let name = this.#known.get(identity);
    if (name === undefined) {
      name = this.#add(op, names, attributes);
      this.#known.set(identity, name);
    }
    return { tensor: index === 0 ? name : `${name}:${index}`, shape, type, layout };
  }

  #add(op: string, inputs: readonly string[], attributes: Record<string, NodeAttribute>): string {
    const name = `n${this.#nodes.length}`;
    this.#nodes.push({ name, op, inputs, attributes, source: this.source });
    return name;
  }

  floats(values: ArrayLike<number>, shape: Shape = [values.length]): Value {
    return this.#constant('float', shape, new Uint8Array(Float32Array.from(values).buffer));
  }

  scalar(value: number): Value {
    return this.floats([value], []);
  }

  ints(values: ArrayLike<number>, shape: Shape = [values.length]): Value {
    return this.#constant('int32', shape, new Uint8Array(Int32Array.from(values).buffer));
  }

  constant(tensor: Tensor): Value {
    if (tensor.dtype === 'float') return this.floats(asFloat32(tensor), tensor.shape);
    if (tensor.dtype === 'int') return this.ints(tensor.data, tensor.shape);
    return this.#constant('bool', tensor.shape, Uint8Array.from(tensor.data));
  }

  /** Every element `value`. */
  filled(value: number, shape: Shape, type: DataType = 'float'): Value {
    const one = type === 'float' ? this.scalar(value) : this.ints([value], []);
    return this.node('Fill', [this.ints(shape), one], { T: { type }, index_type: { type: 'int32' } }, { shape, type });
  }

  #constant(type: DataType, shape: Shape, bytes: Uint8Array): Value {
    const small = bytes.length <= 4096;
    const identity = small ? `${type}:${shape}:${Buffer.from(bytes).toString('latin1')}` : '';
    let name = small ? this.#known.get(identity) : undefined;
    if (name === undefined) {
      name = this.#add('Const', [], { dtype: { type }, value: { tensor: { type, shape, bytes } } });
      if (small) this.#known.set(identity, name);
    }
    return { tensor: name, shape, type, layout: 'plain' };
  }

  /** Reads `x` in its order of memory: bring it to `plain` first where the logical order counts. */
  reshape(x: Value, shape: Shape, layout: Layout = 'plain'): Value {
    if (x.shape.length === shape.length && x.shape.every((length, axis) => length === shape[axis])) {
      return { ...x, layout };
    }
    const attributes = { T: { type: x.type }, Tshape: { type: 'int32' } } as const;
    return this.node('Reshape', [x, this.ints(shape)], attributes, { shape, layout });
  }

  transpose(x: Value, perm: readonly number[], layout: Layout = 'plain'): Value {
    const shape = permuted(x.shape, perm);
    // Where only axes of length 1 move, the order of memory stays.
    const longAxes = perm.filter((axis) => x.shape[axis] !== 1);
    if (longAxes.every((axis, index) => index === 0 || axis > (longAxes[index - 1] as number))) {
      return this.reshape(x, shape, layout);
    }
    const attributes = { T: { type: x.type }, Tperm: { type: 'int32' } } as const;
    return this.node('Transpose', [x, this.ints(perm)], attributes, { shape, layout });
  }

  plain(x: Value): Value {
    return x.layout === 'plain' ? x : this.transpose(x, TO_PLAIN);
  }

  nhwc(x: Value): Value {
    return x.layout === 'nhwc' ? x : this.transpose(x, TO_NHWC, 'nhwc');
  }

  /** Elements `starts .. starts + sizes` along every axis, of memory order, in positive steps. */
  slice(x: Value, starts: readonly number[], sizes: readonly number[], steps?: readonly number[]): Value {
    if (starts.every((start) => start === 0) && sizes.every((size, axis) => size === x.shape[axis])) return x;
    const { layout } = x;
    if (!steps || steps.every((step) => step === 1)) {
      const attributes = { T: { type: x.type }, Index: { type: 'int32' } } as const;
      return this.node('Slice', [x, this.ints(starts), this.ints(sizes)], attributes, { shape: sizes, layout });
    }
    const ends = starts.map((start, axis) => start + ((sizes[axis] as number) - 1) * (steps[axis] as number) + 1);
    const attributes = { T: { type: x.type }, Index: { type: 'int32' } } as const;
    const inputs = [x, this.ints(starts), this.ints(ends), this.ints(steps)];
    return this.node('StridedSlice', inputs, attributes, { shape: sizes, layout });
  }

  pad(x: Value, low: readonly number[], high: readonly number[], fill = 0): Value {
    if ([...low, ...high].every((length) => length === 0)) return x;
    const widths = this.ints(
      low.flatMap((before, axis) => [before, high[axis] as number]),
      [low.length, 2],
    );
    const value =
      x.type === 'float'
        ? this.scalar(fill)
        : x.type === 'int32'
          ? this.ints([fill], [])
          : this.#constant('bool', [], Uint8Array.of(fill));
    const shape = x.shape.map((length, axis) => length + (low[axis] as number) + (high[axis] as number));
    const attributes = { T: { type: x.type }, Tpaddings: { type: 'int32' } } as const;
    return this.node('PadV2', [x, widths, value], attributes, { shape, layout: x.layout });
  }

  binary(op: string, a: Value, b: Value, shape: Shape, type: DataType = a.type, layout: Layout = 'plain'): Value {
    return this.node(op, [a, b], { T: { type: a.type } }, { shape, type, layout });
  }

  unary(op: string, x: Value): Value {
    return this.node(op, [x], { T: { type: x.type } }, x);
  }

  /** `Sum`, `Max`, `Min`, `Mean` over axes of memory order. */
  reduce(op: string, x: Value, axes: readonly number[], keepDims: boolean): Value {
    const attributes = { T: { type: x.type }, Tidx: { type: 'int32' }, keep_dims: { flag: keepDims } } as const;
    const shape = x.shape.flatMap((length, axis) => (!axes.includes(axis) ? [length] : keepDims ? [1] : []));
    const layout = keepDims ? x.layout : 'plain';
    return this.node(op, [x, this.ints(axes)], attributes, { shape, layout });
  }

  input(name: string, dtype: DType, shape: Shape): Value {
    const type = dataType(dtype);
    const node = this.#add('Placeholder', [], { dtype: { type }, shape: { shape } });
    this.#inputs.push({ name, tensor: `${node}:0`, type, shape });
    return { tensor: node, shape, type, layout: 'plain' };
  }

  /** Every output gets a node of its own: a signature may not name one tensor twice, nor an input. */
  output(name: string, value: Value): void {
    const plain = this.plain(value);
    const node = this.#add('Identity', [plain.tensor], { T: { type: plain.type } });
    this.#outputs.push({ name, tensor: `${node}:0`, type: plain.type, shape: plain.shape });
  }

  finish(): SavedModel {
    return { nodes: this.#nodes, inputs: this.#inputs, outputs: this.#outputs };
  }
}
