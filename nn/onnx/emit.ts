/**
 * A forward pass as a graph of standard ONNX operators, for any number of images. The pass was built for a batch of a
 * prime length that no other extent shares, so that every extent it divides is known to be one of the batch.
 */

import type { ModelNode, ModelTensor, NodeAttribute } from '../../tensor/backends/onnxruntime/model.ts';
import type { Expr } from '../../tensor/expr.ts';
import { asFloat32, type Tensor } from '../../tensor/tensor.ts';
import { inTopologicalOrder } from '../../tensor/topological.ts';
import { NORM_EPSILON } from '../norms.ts';
import { type StandardLayer, standardLayer } from './standard-layers.ts';

/** The length of the symbolic batch. */
export const BATCH = 10007;

export class Inexpressible extends Error {}

const UNARY: Readonly<Record<string, string>> = {
  neg: 'Neg',
  exp: 'Exp',
  log: 'Log',
  sqrt: 'Sqrt',
  abs: 'Abs',
  erf: 'Erf',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  relu: 'Relu',
  floor: 'Floor',
};
const BINARY: Readonly<Record<string, string>> = {
  add: 'Add',
  sub: 'Sub',
  mul: 'Mul',
  div: 'Div',
  pow: 'Pow',
  min: 'Min',
  max: 'Max',
};
const REDUCE: Readonly<Record<string, string>> = { sum: 'ReduceSum', reduceMax: 'ReduceMax', reduceMin: 'ReduceMin' };

export interface EmittedGraph {
  readonly nodes: readonly ModelNode[];
  readonly constants: Readonly<Record<string, ModelTensor>>;
}

/** The nodes that compute `output` from the input `images`; parameters are left as names. */
export function emitForward(output: Expr, images: string): EmittedGraph {
  const emitter = new Emitter(images);
  for (const expr of neededOf(output)) emitter.emit(expr);
  return emitter.finish(output, 'logits');
}

/** Inputs first, without what is inside a layer that becomes one node. */
function neededOf(output: Expr): Expr[] {
  const needed = new Set<Expr>([output]);
  const reversed = [...inTopologicalOrder([output])].reverse();
  for (const expr of reversed) {
    if (!needed.has(expr)) continue;
    for (const part of (standardLayer(expr) ?? expr).inputs) needed.add(part);
  }
  return reversed.filter((expr) => needed.has(expr)).reverse();
}

class Emitter {
  readonly #images: string;
  readonly #nodes: ModelNode[] = [];
  readonly #constants: Record<string, ModelTensor> = {};
  readonly #names = new Map<Expr, string>();
  #count = 0;

  constructor(images: string) {
    this.#images = images;
  }

  finish(output: Expr, name: string): EmittedGraph {
    this.#node('Identity', [this.#name(output)], {}, name);
    return { nodes: this.#nodes, constants: this.#constants };
  }

  emit(expr: Expr): void {
    this.#names.set(expr, this.#emitted(expr));
  }

  #emitted(expr: Expr): string {
    if (expr.op === 'input') return String(expr.attrs.name);
    if (expr.value) return this.#tensor(expr.value);
    const layer = standardLayer(expr);
    if (layer) return this.#layer(expr, layer);
    const inputs = expr.inputs.map((input) => this.#name(input));
    const [x = ''] = inputs;
    const simple = UNARY[expr.op] ?? BINARY[expr.op];
    if (simple) return this.#node(simple, inputs);
    const reduce = REDUCE[expr.op];
    const numbers = (name: string) => expr.attrs[name] as readonly number[];
    if (reduce) {
      const keepdims: NodeAttribute = { int: expr.attrs.keepDims === true ? 1 : 0 };
      // Until opset 18 only ReduceSum takes its axes as an input.
      if (reduce === 'ReduceSum') return this.#node(reduce, [x, this.#longs(numbers('axes'))], { keepdims });
      return this.#node(reduce, [x], { axes: { ints: numbers('axes') }, keepdims });
    }
    switch (expr.op) {
      case 'rsqrt':
        return this.#node('Reciprocal', [this.#node('Sqrt', [x])]);
      case 'conv2d':
        return this.#node('Conv', inputs, convAttributes(expr));
      case 'avgPool':
        return this.#node('AveragePool', inputs, { ...poolAttributes(expr), count_include_pad: { int: 1 } });
      case 'maxPool':
        return this.#node('MaxPool', inputs, poolAttributes(expr));
      case 'matmul':
        return this.#product(expr);
      case 'reshape':
        return this.#node('Reshape', [x, this.#longs(openShape(expr))]);
      case 'transpose':
        return this.#node('Transpose', [x], { perm: { ints: numbers('perm') } });
      case 'concat':
        return this.#node('Concat', inputs, { axis: { int: expr.attrs.axis as number } });
      case 'slice':
        return this.#slice(expr);
      case 'broadcastTo':
        return this.#expand(expr);
      case 'normalize':
        return this.#normalize(expr);
      default:
        throw new Inexpressible(`the operation ${expr.op} has no place in an exported network`);
    }
  }

  #layer(expr: Expr, { op, inputs }: StandardLayer): string {
    const names = inputs.map((input) => this.#name(input));
    if (op === 'BatchNormalization') return this.#node(op, names, { epsilon: { float: NORM_EPSILON } });
    if (op === 'Gemm') return this.#node(op, names, { transB: { int: 1 } });
    return this.#node(op, names, convAttributes(expr.inputs[0] ?? expr));
  }

  #product(expr: Expr): string {
    const sides = expr.inputs.map((input, index) => {
      const rank = input.shape.length;
      const turned = expr.attrs[index === 0 ? 'transA' : 'transB'] === true;
      const perm = [...input.shape.keys()].slice(0, -2).concat(rank - 1, rank - 2);
      return turned ? this.#node('Transpose', [this.#name(input)], { perm: { ints: perm } }) : this.#name(input);
    });
    return this.#node('MatMul', sides);
  }

  #slice(expr: Expr): string {
    const [x] = expr.inputs;
    const { starts, sizes, steps } = expr.attrs as Record<string, readonly number[]>;
    const axes = expr.shape.flatMap((extent, axis) => (extent === x?.shape[axis] ? [] : [axis]));
    if (!x || !starts || !sizes || !steps) throw new Inexpressible('a slice has no bounds');
    if (axes.some((axis) => isOpen(x.shape[axis] ?? 0))) throw new Inexpressible('it cuts the batch');
    const of = (values: readonly number[]) => this.#longs(axes.map((axis) => values[axis] ?? 0));
    const ends = starts.map((start, axis) => start + Math.max(0, (sizes[axis] ?? 0) - 1) * (steps[axis] ?? 1) + 1);
    return this.#node('Slice', [this.#name(x), of(starts), of(ends), this.#longs(axes), of(steps)]);
  }

  /** ONNX stretches both ways, so that an extent that stays is written as 1. */
  #expand(expr: Expr): string {
    const [x] = expr.inputs;
    if (!x) throw new Inexpressible('a stretch has no input');
    const from = [...new Array<number>(expr.shape.length - x.shape.length).fill(1), ...x.shape];
    const target = expr.shape.map((extent, axis) => (extent === from[axis] ? 1 : extent));
    const open = target.findIndex(isOpen);
    if (open < 0) return this.#node('Expand', [this.#name(x), this.#longs(target)]);
    if (target[open] !== BATCH) throw new Inexpressible('it stretches over several batches');
    const batch = this.#node('Slice', [
      this.#node('Shape', [this.#images]),
      this.#longs([0]),
      this.#longs([1]),
      this.#longs([0]),
    ]);
    const [before, after] = [target.slice(0, open), target.slice(open + 1)];
    const parts = [before, [], after].flatMap((part, index) =>
      index === 1 ? [batch] : part.length > 0 ? [this.#longs(part)] : [],
    );
    return this.#node('Expand', [this.#name(x), this.#node('Concat', parts, { axis: { int: 0 } })]);
  }

  #normalize(expr: Expr): string {
    const [x = ''] = expr.inputs.map((input) => this.#name(input));
    const axes: NodeAttribute = { ints: expr.attrs.axes as readonly number[] };
    const centred = this.#node('Sub', [x, this.#node('ReduceMean', [x], { axes })]);
    const variance = this.#node('ReduceMean', [this.#node('Mul', [centred, centred])], { axes });
    const eps = this.#tensor({ dtype: 'float', shape: [], data: Float32Array.of(expr.attrs.eps as number) });
    return this.#node('Div', [centred, this.#node('Sqrt', [this.#node('Add', [variance, eps])])]);
  }

  #name(expr: Expr): string {
    const name = this.#names.get(expr);
    if (name === undefined) throw new Error(`Internal error: ${expr.op} is used before it is emitted`);
    return name;
  }

  #node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, NodeAttribute>> = {},
    output = `/${op}_${this.#count++}`,
  ): string {
    this.#nodes.push({ op, domain: '', inputs, outputs: [output], attributes });
    return output;
  }

  #longs(values: readonly number[]): string {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#constant({ type: 'int64', shape: [values.length], bytes });
  }

  #tensor(tensor: Tensor): string {
    if (tensor.dtype !== 'float') throw new Inexpressible(`it holds a constant of the type ${tensor.dtype}`);
    const bytes = new Uint8Array(Float32Array.from(asFloat32(tensor)).buffer);
    return this.#constant({ type: 'float', shape: tensor.shape, bytes });
  }

  #constant(tensor: ModelTensor): string {
    const name = `/constant_${this.#count++}`;
    this.#constants[name] = tensor;
    return name;
  }
}

function isOpen(extent: number): boolean {
  return extent > 0 && extent % BATCH === 0;
}

/** The extent of the batch is left to be found. */
function openShape({ shape }: Expr): number[] {
  if (shape.filter(isOpen).length > 1) throw new Inexpressible(`the shape [${shape}] holds the batch twice`);
  return shape.map((extent) => (isOpen(extent) ? -1 : extent));
}

function windowAttributes({ attrs }: Expr): Record<string, NodeAttribute> {
  return { strides: { ints: attrs.strides as readonly number[] }, pads: { ints: attrs.padding as readonly number[] } };
}

function poolAttributes(expr: Expr): Record<string, NodeAttribute> {
  return { ...windowAttributes(expr), kernel_shape: { ints: expr.attrs.size as readonly number[] } };
}

function convAttributes(expr: Expr): Record<string, NodeAttribute> {
  const kernel = expr.inputs[1]?.shape.slice(2) ?? [];
  return {
    ...windowAttributes(expr),
    kernel_shape: { ints: kernel },
    dilations: { ints: expr.attrs.dilations as readonly number[] },
    group: { int: expr.attrs.groups as number },
  };
}
