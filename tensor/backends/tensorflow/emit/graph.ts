/** A graph of expressions as a SavedModel: one pass in topological order. */
import type { Expr } from '../../../expr.ts';
import type { DType, Shape } from '../../../tensor.ts';
import { inTopologicalOrder } from '../../../topological.ts';
import type { Graph } from '../../backend.ts';
import { valueOfNothing } from '../../empty.ts';
import { sourceOf } from '../../source.ts';
import { GraphBuilder, type Value } from '../builder.ts';
import type { SavedModel } from '../graph-def.ts';
import { emissions } from './table.ts';

export interface EmittedGraph {
  readonly model: SavedModel;
  /** Inputs of the graph by name; `fed` where a result depends on the input. */
  readonly inputs: Readonly<Record<string, { shape: Shape; dtype: DType; fed: boolean }>>;
}

export function emitGraph({ outputs }: Graph): EmittedGraph {
  const graph = new GraphBuilder();
  const values = new Map<Expr, Value>();
  const inputs: Record<string, { shape: Shape; dtype: DType; fed: boolean }> = {};
  for (const expr of inTopologicalOrder(Object.values(outputs))) {
    const { shape, dtype } = expr;
    graph.source = sourceOf(expr);
    const nothing = valueOfNothing(expr);
    if (expr.op === 'input') inputs[expr.attrs.name as string] = { shape, dtype, fed: nothing === undefined };
    values.set(expr, nothing ? graph.constant(nothing) : emit(graph, expr, values));
  }
  for (const [name, expr] of Object.entries(outputs)) graph.output(name, values.get(expr) as Value);
  return { model: graph.finish(), inputs };
}

function emit(graph: GraphBuilder, expr: Expr, values: ReadonlyMap<Expr, Value>): Value {
  if (expr.op === 'input') return graph.input(expr.attrs.name as string, expr.dtype, expr.shape);
  if (expr.op === 'constant') {
    if (!expr.value) throw new Error('Internal error: expected a constant to have a value');
    return graph.constant(expr.value);
  }
  const emission = emissions[expr.op];
  if (!emission) throw new Error(`No TensorFlow emission for the operation ${expr.op}`);
  return emission({ graph, expr, inputs: expr.inputs.map((from) => values.get(from) as Value) });
}
