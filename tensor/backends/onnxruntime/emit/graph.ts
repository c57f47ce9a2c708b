/** A graph of expressions as an ONNX model: one pass in topological order. */
import type { Expr } from '../../../expr.ts';
import { type DType, type Shape, sizeOf } from '../../../tensor.ts';
import { inTopologicalOrder } from '../../../topological.ts';
import type { Graph } from '../../backend.ts';
import { GraphBuilder, type Value } from '../builder.ts';
import type { Model } from '../model.ts';
import { numberAttr } from './emission.ts';
import { emissions } from './table.ts';

export interface EmittedGraph {
  readonly model: Model;
  /** Inputs of the graph by their own name; `value` is the ONNX name, absent where no result depends on the input. */
  readonly inputs: Readonly<Record<string, { shape: Shape; dtype: DType; value?: Value }>>;
}

export function emitGraph({ outputs }: Graph): EmittedGraph {
  const graph = new GraphBuilder();
  const values = new Map<Expr, Value>();
  const inputs: Record<string, { shape: Shape; dtype: DType; value?: Value }> = {};
  for (const expr of inTopologicalOrder(Object.values(outputs))) {
    if (expr.op === 'input') {
      const name = expr.attrs.name as string;
      const { shape, dtype } = expr;
      // An empty tensor is known without being fed.
      const value = shape.includes(0) ? emptyOf(graph, expr) : graph.input(name, dtype, shape);
      inputs[name] = shape.includes(0) ? { shape, dtype } : { shape, dtype, value };
      values.set(expr, value);
    } else {
      values.set(expr, emit(graph, expr, values));
    }
  }
  for (const [name, expr] of Object.entries(outputs)) graph.output(name, values.get(expr)!, expr.dtype, expr.shape);
  return { model: graph.finish(), inputs };
}

function emit(graph: GraphBuilder, expr: Expr, values: ReadonlyMap<Expr, Value>): Value {
  if (expr.op === 'constant') {
    if (!expr.value) throw new Error('A constant without a value');
    return graph.tensor(expr.value);
  }
  if (expr.shape.includes(0)) return emptyOf(graph, expr);
  const empty = expr.inputs.some((from) => from.shape.includes(0));
  if (empty && expr.op !== 'concat') return sumOfNothing(graph, expr);
  const emission = emissions[expr.op];
  if (!emission) throw new Error(`No ONNX emission for the operation ${expr.op}`);
  return emission({ graph, expr, inputs: expr.inputs.map((from) => values.get(from)!) });
}

function emptyOf(graph: GraphBuilder, expr: Expr): Value {
  const data =
    expr.dtype === 'float' ? new Float32Array(0) : expr.dtype === 'int' ? new Int32Array(0) : new Uint8Array(0);
  return graph.tensor({ dtype: expr.dtype, shape: expr.shape, data });
}

/** Empty inputs, a result that is not: sums, products and scatters are then zero, padding its own value. */
function sumOfNothing(graph: GraphBuilder, expr: Expr): Value {
  const value = expr.op === 'pad' ? numberAttr(expr.attrs, 'value') : 0;
  const size = sizeOf(expr.shape);
  const data =
    expr.dtype === 'float'
      ? new Float32Array(size).fill(value)
      : expr.dtype === 'int'
        ? new Int32Array(size).fill(value)
        : new Uint8Array(size).fill(value);
  if (expr.op === 'scatterAdd' || expr.op === 'putAlong' || expr.op === 'pad' || linear.has(expr.op)) {
    return graph.tensor({ dtype: expr.dtype, shape: expr.shape, data });
  }
  throw new Error(
    `The operation ${expr.op} has no value over nothing: inputs ${expr.inputs.map((x) => `[${x.shape}]`)}`,
  );
}

const linear = new Set(['sum', 'matmul', 'conv2d', 'conv2dInputGrad', 'conv2dFilterGrad']);
