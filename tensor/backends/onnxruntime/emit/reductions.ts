/** Reductions, cumulative sums and ordering. ONNX counts positions in int64; ours are int32. */
import { float, type Value } from '../builder.ts';
import { elementTypes } from '../model.ts';
import { type Emission, type EmissionContext, flagAttr, numberAttr, numbersAttr } from './emission.ts';

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

/** Trailing axes are one LayerNormalization of rows; other axes are brought last around it. */
function normalize({ graph, expr, inputs }: EmissionContext): Value {
  const x = expr.inputs[0]!;
  const axes = [...numbersAttr(expr.attrs, 'axes')].sort((a, b) => a - b);
  const rank = x.shape.length;
  const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const perm = [...kept, ...axes];
  const rows = kept.reduce((product, axis) => product * x.shape[axis]!, 1);
  const length = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  const flat = graph.reshape(graph.transpose(inputs[0]!, perm), [rows, length]);
  const ones = graph.floats(new Float32Array(length).fill(1));
  const epsilon = float(numberAttr(expr.attrs, 'eps'));
  const normal = graph.node('LayerNormalization', [flat, ones], { axis: -1, epsilon });
  const shaped = graph.reshape(
    normal,
    perm.map((axis) => x.shape[axis]!),
  );
  const back = Array.from({ length: rank }, (_, axis) => perm.indexOf(axis));
  return graph.transpose(shaped, back);
}

export const reductions: Readonly<Record<string, Emission>> = {
  sum: reduce('ReduceSum'),
  reduceMax: reduce('ReduceMax'),
  reduceMin: reduce('ReduceMin'),
  argMax,
  topKIndices,
  cumsum,
  normalize,
};
