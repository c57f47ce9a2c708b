/** Reading and adding at positions. Scatters run one after the other in ONNX Runtime: same order, same bits. */
import { numberAttr } from '../../../ops/attrs.ts';
import type { Shape } from '../../../tensor.ts';
import { sizeOf } from '../../../tensor.ts';
import type { GraphBuilder, Value } from '../builder.ts';
import type { Emission, EmissionContext } from './emission.ts';

function zeros(graph: GraphBuilder, expr: EmissionContext['expr'], shape: Shape): Value {
  const zero = expr.dtype === 'int' ? graph.ints([0], []) : graph.scalar(0);
  return graph.node('Expand', [zero, graph.longs(shape)]);
}

function scatterAdd({ graph, expr, inputs }: EmissionContext): Value {
  const [updates, indices] = inputs as [Value, Value];
  const axis = numberAttr(expr.attrs, 'axis');
  const size = numberAttr(expr.attrs, 'size');
  const before = sizeOf(expr.shape.slice(0, axis));
  const after = sizeOf(expr.shape.slice(axis + 1));
  const count = sizeOf(expr.inputs[1]!.shape);
  const flatUpdates = graph.reshape(updates, [before, count, after]);
  const positions = graph.node('Expand', [graph.reshape(indices, [1, count, 1]), graph.longs([before, count, after])]);
  const base = zeros(graph, expr, [before, size, after]);
  const sums = graph.node('ScatterElements', [base, positions, flatUpdates], { axis: 1, reduction: 'add' });
  return graph.reshape(sums, expr.shape);
}

function putAlong({ graph, expr, inputs }: EmissionContext): Value {
  const [updates, indices] = inputs as [Value, Value];
  const axis = numberAttr(expr.attrs, 'axis');
  const base = zeros(graph, expr, expr.shape);
  return graph.node('ScatterElements', [base, indices, updates], { axis, reduction: 'add' });
}

export const indexing: Readonly<Record<string, Emission>> = {
  gather: ({ graph, expr, inputs }) => graph.node('Gather', inputs, { axis: numberAttr(expr.attrs, 'axis') }),
  scatterAdd,
  takeAlong: ({ graph, expr, inputs }) =>
    graph.node('GatherElements', inputs, { axis: numberAttr(expr.attrs, 'axis') }),
  putAlong,
};
