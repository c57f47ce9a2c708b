/** A graph of expressions as an ONNX model: one pass in topological order. */
import type { Expr } from '../../../expr.ts';
import type { DType, Shape } from '../../../tensor.ts';
import { inTopologicalOrder } from '../../../topological.ts';
import type { Graph } from '../../backend.ts';
import { valueOfNothing } from '../../empty.ts';
import { sourceOf } from '../../source.ts';
import { GraphBuilder, type Value } from '../builder.ts';
import type { Model } from '../model.ts';
import { Neighbours } from './neighbours.ts';
import { emissions } from './table.ts';

export interface EmittedGraph {
  readonly model: Model;
  /** Inputs of the graph by their own name; `value` is the ONNX name, absent where no result depends on the input. */
  readonly inputs: Readonly<Record<string, { shape: Shape; dtype: DType; value?: Value }>>;
}

/** `block`: channels that the runtime's blocked layout holds together, if it has one. */
export function emitGraph({ outputs }: Graph, block?: number): EmittedGraph {
  const graph = new GraphBuilder(block);
  const values = new Map<Expr, Value>();
  const inputs: Record<string, { shape: Shape; dtype: DType; value?: Value }> = {};
  const order = inTopologicalOrder(Object.values(outputs));
  const neighbours = new Neighbours(order, Object.values(outputs));
  const emitted = (expr: Expr) => values.get(expr)!;
  for (const expr of order) {
    const { shape, dtype } = expr;
    graph.source = sourceOf(expr);
    const nothing = valueOfNothing(expr);
    const value = nothing
      ? graph.tensor(nothing)
      : (neighbours.emit(graph, expr, emitted) ?? emit(graph, expr, emitted));
    if (expr.op === 'input') inputs[expr.attrs.name as string] = nothing ? { shape, dtype } : { shape, dtype, value };
    values.set(expr, value);
  }
  for (const [name, expr] of Object.entries(outputs)) graph.output(name, values.get(expr)!, expr.dtype, expr.shape);
  return { model: graph.finish(), inputs };
}

function emit(graph: GraphBuilder, expr: Expr, emitted: (expr: Expr) => Value): Value {
  if (expr.op === 'input') return graph.input(expr.attrs.name as string, expr.dtype, expr.shape);
  if (expr.op === 'constant') {
    if (!expr.value) throw new Error('Internal error: expected a constant to have a value');
    return graph.tensor(expr.value);
  }
  const emission = emissions[expr.op];
  if (!emission) throw new Error(`No ONNX emission for the operation ${expr.op}`);
  return emission({ graph, expr, inputs: expr.inputs.map(emitted) });
}
