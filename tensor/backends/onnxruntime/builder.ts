/**
 * Collects the nodes and constants of one ONNX graph. Values are known by name; equal constants are stored once, and
 * equal nodes are emitted once, so that emissions may ask for the same helper value (a flipped filter, say) freely.
 */
import { sha256 } from '../../../base/digest.ts';
import type { DType, Shape, Tensor } from '../../tensor.ts';
import { asFloat32 } from '../../tensor.ts';
import type { Source } from '../source.ts';
import type { ElementType, Model, ModelNode, ModelTensor, ModelValue, NodeAttribute } from './model.ts';

/** The name of a value of the ONNX graph. */
export type Value = string;

export const contrib = 'com.microsoft';
export const blocked = 'com.microsoft.nchwc';

/** What a node may be given as attribute: whole numbers become INT(S), `float(x)` FLOAT. */
export type AttributeLike = number | string | readonly number[] | NodeAttribute;
export const float = (value: number): NodeAttribute => ({ float: value });

export function elementType(dtype: DType): ElementType {
  return dtype === 'float' ? 'float' : dtype === 'int' ? 'int32' : 'bool';
}

export class GraphBuilder {
  /** Channels that the runtime's blocked layout holds together; undefined where it has none. */
  readonly block: number | undefined;
  /** What is being emitted. */
  source: Source | undefined;
  readonly #nodes: ModelNode[] = [];
  /** What nodes give. */
  readonly #made = new Set<Value>();
  readonly #constants = new Map<Value, ModelTensor>();
  readonly #constantNames = new Map<string, Value>();
  readonly #nodeOutputs = new Map<string, Value[]>();
  readonly #inputs: ModelValue[] = [];
  readonly #outputs: ModelValue[] = [];
  /** What values are called as outputs. */
  readonly #outputNames = new Map<Value, Value>();

  constructor(block?: number) {
    this.block = block;
  }

  /** A node of one output. */
  node(op: string, inputs: readonly Value[], attributes: Record<string, AttributeLike> = {}, domain = ''): Value {
    return this.nodes(op, inputs, attributes, 1, domain)[0]!;
  }

  nodes(
    op: string,
    inputs: readonly Value[],
    attributes: Record<string, AttributeLike>,
    outputs: number,
    domain = '',
  ): readonly Value[] {
    const converted: Record<string, NodeAttribute> = {};
    for (const [name, value] of Object.entries(attributes)) converted[name] = attributeOf(value);
    const identity = JSON.stringify([op, domain, inputs, converted]);
    const names = this.#nodeOutputs.get(identity) ?? [];
    if (names.length === 0) {
      this.#nodes.push({ op, domain, inputs, outputs: names, attributes: converted, source: this.source });
      this.#nodeOutputs.set(identity, names);
    }
    // A node that more is wanted of than before (the positions of maxima besides them) gives that as well.
    while (names.length < outputs) {
      const name = `v${this.#made.size}`;
      names.push(name);
      this.#made.add(name);
    }
    return names;
  }

  floats(values: ArrayLike<number>, shape: Shape = [values.length]): Value {
    return this.#constant('float', shape, new Uint8Array(Float32Array.from(values).buffer));
  }

  scalar(value: number): Value {
    return this.floats([value], []);
  }

  /** 32-bit whole numbers: our `int`. */
  ints(values: ArrayLike<number>, shape: Shape = [values.length]): Value {
    return this.#constant('int32', shape, new Uint8Array(Int32Array.from(values).buffer));
  }

  /** 64-bit whole numbers: axes, shapes and the like. */
  longs(values: readonly number[], shape: Shape = [values.length]): Value {
    return this.#constant('int64', shape, new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
  }

  tensor(tensor: Tensor): Value {
    if (tensor.dtype === 'float') return this.floats(asFloat32(tensor), tensor.shape);
    if (tensor.dtype === 'int') return this.ints(tensor.data, tensor.shape);
    return this.#constant('bool', tensor.shape, Uint8Array.from(tensor.data));
  }

  reshape(value: Value, shape: Shape): Value {
    return this.node('Reshape', [value, this.longs(shape)], { allowzero: 1 });
  }

  transpose(value: Value, perm: readonly number[]): Value {
    return perm.every((axis, index) => axis === index) ? value : this.node('Transpose', [value], { perm });
  }

  /** Along `axes`, elements `starts .. ends` (exclusive) in steps that may be negative. */
  slice(
    value: Value,
    axes: readonly number[],
    starts: readonly number[],
    ends: readonly number[],
    steps: readonly number[] = axes.map(() => 1),
  ): Value {
    return this.node('Slice', [value, this.longs(starts), this.longs(ends), this.longs(axes), this.longs(steps)]);
  }

  /** The reverse order along `axes`. */
  flip(value: Value, axes: readonly number[]): Value {
    if (axes.length === 0) return value;
    const none = axes.map(() => -1);
    const beforeFirst = axes.map(() => -(2 ** 31));
    return this.slice(value, axes, none, beforeFirst, none);
  }

  input(name: string, dtype: DType, shape: Shape): Value {
    const value = `in_${name}`;
    this.#inputs.push({ name: value, type: elementType(dtype), shape });
    return value;
  }

  /**
   * The node that makes the value gives it the output's name. ONNX forbids an output that is an input, a constant or another
   * output: only such a one gets a node of its own, which is a copy.
   */
  output(name: string, value: Value, dtype: DType, shape: Shape): void {
    const output = `out_${name}`;
    this.#outputs.push({ name: output, type: elementType(dtype), shape });
    if (this.#made.has(value) && !this.#outputNames.has(value)) this.#outputNames.set(value, output);
    else this.#nodes.push({ op: 'Identity', domain: '', inputs: [value], outputs: [output], attributes: {} });
  }

  /** Leaves out what no output needs: the runtime would compute it all the same. */
  finish(): Model {
    const needed = new Set(this.#outputs.map(({ name }) => name));
    const called = (value: Value) => this.#outputNames.get(value) ?? value;
    const nodes = this.#nodes
      .map((node) => ({ ...node, inputs: node.inputs.map(called), outputs: node.outputs.map(called) }))
      .reverse()
      .filter(({ inputs, outputs }) => {
        if (!outputs.some((name) => needed.has(name))) return false;
        for (const name of inputs) needed.add(name);
        return true;
      })
      .reverse();
    return {
      nodes,
      constants: Object.fromEntries([...this.#constants].filter(([name]) => needed.has(name))),
      inputs: this.#inputs,
      outputs: this.#outputs,
      opsets: { '': 20, [contrib]: 1, [blocked]: 1 },
    };
  }

  #constant(type: ElementType, shape: Shape, bytes: Uint8Array): Value {
    const identity = `${type}:${shape}:${sha256(bytes)}`;
    const known = this.#constantNames.get(identity);
    if (known) return known;
    const name = `c${this.#constants.size}`;
    this.#constants.set(name, { type, shape, bytes });
    this.#constantNames.set(identity, name);
    return name;
  }
}

function attributeOf(value: AttributeLike): NodeAttribute {
  if (typeof value === 'number') return { int: value };
  if (typeof value === 'string') return { string: value };
  if (Array.isArray(value)) return { ints: value };
  return value as NodeAttribute;
}
