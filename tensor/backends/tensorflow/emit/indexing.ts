/** Reading and adding at positions. Sums over segments run over each segment in the order of its elements. */
import { numberAttr } from '../../../ops/attrs.ts';
import { type Shape, sizeOf } from '../../../tensor.ts';
import type { GraphBuilder, Value } from '../builder.ts';
import { type Emission, type EmissionContext, plainly } from './emission.ts';
import { swapLast } from './reductions.ts';

const INDEXED = (type: Value['type']) =>
  ({ Tparams: { type }, Tindices: { type: 'int32' }, Taxis: { type: 'int32' } }) as const;

export function gatherAlong(graph: GraphBuilder, x: Value, indices: Value, axis: number, batchDims = 0): Value {
  const attributes = { ...INDEXED(x.type), batch_dims: { int: batchDims } };
  const shape = [...x.shape.slice(0, axis), ...indices.shape.slice(batchDims), ...x.shape.slice(axis + 1)];
  return graph.node('GatherV2', [x, indices, graph.ints([axis], [])], attributes, { shape, type: x.type });
}

/** Rows of `updates` [n, …] added up by their segment [n]: [count, …]. */
export function segmentSum(graph: GraphBuilder, updates: Value, segments: Value, count: number): Value {
  const attributes = {
    T: { type: updates.type },
    Tindices: { type: 'int32' },
    Tnumsegments: { type: 'int32' },
  } as const;
  const shape = [count, ...updates.shape.slice(1)];
  return graph.node('UnsortedSegmentSum', [updates, segments, graph.ints([count], [])], attributes, { shape });
}

function scatterAdd({ graph, expr, inputs }: EmissionContext): Value {
  const [updates, indices] = inputs as [Value, Value];
  const axis = numberAttr(expr.attrs, 'axis');
  const size = numberAttr(expr.attrs, 'size');
  const before = sizeOf(expr.shape.slice(0, axis));
  const after = sizeOf(expr.shape.slice(axis + 1));
  const count = sizeOf(indices.shape);
  const rows = graph.transpose(graph.reshape(updates, [before, count, after]), [1, 0, 2]);
  const sums = segmentSum(graph, rows, graph.reshape(indices, [count]), size);
  return graph.reshape(graph.transpose(sums, [1, 0, 2]), expr.shape);
}

/** Rows of the axis that is read or written: [rows, length]. */
function asRows(graph: GraphBuilder, x: Value, axis: number): Value {
  const last = swapLast(graph, x, axis);
  return graph.reshape(last, [sizeOf(last.shape.slice(0, -1)), last.shape.at(-1) as number]);
}

function fromRows(graph: GraphBuilder, rows: Value, shape: Shape, axis: number): Value {
  const last = [...shape];
  last[axis] = shape.at(-1) as number;
  last[shape.length - 1] = shape[axis] as number;
  return swapLast(graph, graph.reshape(rows, last), axis);
}

function takeAlong({ graph, expr, inputs }: EmissionContext): Value {
  const axis = numberAttr(expr.attrs, 'axis');
  const [x, indices] = inputs.map((value) => asRows(graph, value, axis)) as [Value, Value];
  return fromRows(graph, gatherAlong(graph, x, indices, 1, 1), expr.shape, axis);
}

function putAlong({ graph, expr, inputs }: EmissionContext): Value {
  const axis = numberAttr(expr.attrs, 'axis');
  const size = numberAttr(expr.attrs, 'size');
  const [updates, indices] = inputs.map((value) => asRows(graph, value, axis)) as [Value, Value];
  const [rows, count] = updates.shape as [number, number];
  const offsets = graph.ints(
    Array.from({ length: rows }, (_, row) => row * size),
    [rows, 1],
  );
  const positions = graph.reshape(graph.binary('AddV2', indices, offsets, [rows, count]), [rows * count]);
  const sums = segmentSum(graph, graph.reshape(updates, [rows * count]), positions, rows * size);
  return fromRows(graph, graph.reshape(sums, [rows, size]), expr.shape, axis);
}

export const indexing: Readonly<Record<string, Emission>> = {
  gather: plainly(({ graph, expr, inputs }) => {
    const [x, indices] = inputs as [Value, Value];
    return gatherAlong(graph, x, indices, numberAttr(expr.attrs, 'axis'));
  }),
  scatterAdd: plainly(scatterAdd),
  takeAlong: plainly(takeAlong),
  putAlong: plainly(putAlong),
};
