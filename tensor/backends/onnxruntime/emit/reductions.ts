/** Reductions, cumulative sums and ordering. ONNX counts positions in int64; ours are int32. */
import { flagAttr, numberAttr, numbersAttr } from '../../../ops/attrs.ts';
import { float, type Value } from '../builder.ts';
import { elementTypes } from '../model.ts';
import type { Emission, EmissionContext } from './emission.ts';

const reduce =
  (op: string): Emission =>
  ({ graph, expr, inputs }) => {
    const axes = numbersAttr(expr.attrs, 'axes');
    if (axes.length === 0) return inputs[0]!;
    return graph.node(op, [inputs[0]!, graph.longs(axes)], { keepdims: flagAttr(expr.attrs, 'keepDims') ? 1 : 0 });
  };

function argMax({ graph, expr, inputs }: EmissionContext): Value {
  const found = graph.node('ArgMax', inputs, { axis: numberAttr(expr.attrs, 'axis'), keepdims: 0 });
  return graph.node('Cast', [found], { to: elementTypes.int32 });
}

function topKIndices({ graph, expr, inputs }: EmissionContext): Value {
  const k = graph.longs([numberAttr(expr.attrs, 'k')]);
  const attributes = { axis: numberAttr(expr.attrs, 'axis'), largest: 1, sorted: 1 };
  const [, found] = graph.nodes('TopK', [inputs[0]!, k], attributes, 2);
  return graph.node('Cast', [found!], { to: elementTypes.int32 });
}

function cumsum({ graph, expr, inputs }: EmissionContext): Value {
  const axis = graph.longs([numberAttr(expr.attrs, 'axis')], []);
  return graph.node('CumSum', [inputs[0]!, axis], { reverse: flagAttr(expr.attrs, 'reverse') ? 1 : 0 });
}

/** Rows brought last, the normalised rows and one over the deviation of each: one pass gives both. */
function normalisedRows({ graph, expr, inputs }: EmissionContext): { perm: number[]; y: Value; scale: Value } {
  const x = expr.inputs[0]!;
  const axes = [...numbersAttr(expr.attrs, 'axes')].sort((a, b) => a - b);
  const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const perm = [...kept, ...axes];
  const rows = kept.reduce((product, axis) => product * x.shape[axis]!, 1);
  const length = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  const flat = graph.reshape(graph.transpose(inputs[0]!, perm), [rows, length]);
  const ones = graph.floats(new Float32Array(length).fill(1));
  const attributes = { axis: -1, epsilon: float(numberAttr(expr.attrs, 'eps')) };
  const [y, , scale] = graph.nodes('LayerNormalization', [flat, ones], attributes, 3);
  return { perm, y: y!, scale: scale! };
}

/** Trailing axes are one LayerNormalization of rows; other axes are brought last around it. */
function normalize(context: EmissionContext): Value {
  const { graph, expr } = context;
  const { perm, y } = normalisedRows(context);
  const shaped = graph.reshape(
    y,
    perm.map((axis) => expr.shape[axis]!),
  );
  const back = perm.map((_, axis) => perm.indexOf(axis));
  return graph.transpose(shaped, back);
}

/** Rows keep their order, so the lengths of 1 only have to be put between. */
function inverseDeviation(context: EmissionContext): Value {
  return context.graph.reshape(normalisedRows(context).scale, context.expr.shape);
}

export const reductions: Readonly<Record<string, Emission>> = {
  sum: reduce('ReduceSum'),
  reduceMax: reduce('ReduceMax'),
  reduceMin: reduce('ReduceMin'),
  argMax,
  topKIndices,
  cumsum,
  normalize,
  inverseDeviation,
};
