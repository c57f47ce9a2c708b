/** ONNX operators that reduce axes, and those that normalise along one. */
import type { Expr } from '../../../tensor/expr.ts';
import * as op from '../../../tensor/ops/index.ts';
import { type NodeReader, placeOf, type Translation } from '../node.ts';

type Reduce = (x: Expr, options: { axes: readonly number[]; keepDims: boolean }) => Expr;

const reduction =
  (reduce: Reduce): Translation =>
  (node) => {
    const x = node.x(0);
    const named = node.numbersOrAttribute(1, 'axes') ?? [];
    if (named.length === 0 && node.int('noop_with_empty_axes', 0) === 1) return x;
    const all = x.shape.map((_, axis) => axis);
    const axes = named.length === 0 ? all : named.map((axis) => placeOf(axis, x.shape.length));
    return reduce(x, { axes, keepDims: node.int('keepdims', 1) === 1 });
  };

/** Before opset 13 it went over all axes from `axis` on, which for logits is the same. */
const along =
  (build: (x: Expr, axis: number) => Expr): Translation =>
  (node) => {
    const x = node.x(0);
    const place = placeOf(node.int('axis', node.opset < 13 ? 1 : -1), x.shape.length);
    if (node.opset >= 13 || place === x.shape.length - 1) return build(x, place);
    const rows = op.reshape(x, [x.shape.slice(0, place).reduce((size, extent) => size * extent, 1), -1]);
    return op.reshape(build(rows, 1), x.shape);
  };

function argMax(node: NodeReader): Expr {
  const x = node.x(0);
  const axis = placeOf(node.int('axis', 0), x.shape.length);
  const places = op.argMax(x, axis);
  return node.int('keepdims', 1) === 1 ? op.expandDims(places, axis) : places;
}

export const reductions: Readonly<Record<string, Translation>> = {
  ReduceMean: reduction(op.mean),
  ReduceSum: reduction(op.sum),
  ReduceMax: reduction(op.reduceMax),
  ReduceMin: reduction(op.reduceMin),
  ReduceL2: reduction(op.norm),
  ReduceSumSquare: reduction((x, options) => op.sum(op.square(x), options)),
  Softmax: along(op.softmax),
  LogSoftmax: along(op.logSoftmax),
  ArgMax: argMax,
};
