/** Elementwise operations, comparisons and casts: they follow the layout of their inputs. */

import { dataType, type GraphBuilder, type Value } from '../builder.ts';
import type { DataType } from '../graph-def.ts';
import type { Emission, EmissionContext } from './emission.ts';

/**
 * Brings operands that broadcast against each other into one layout: channels last as soon as one of them lies so and the
 * result has four axes. Operands of fewer axes get leading ones first.
 */
function aligned(graph: GraphBuilder, inputs: readonly Value[], rank: number): readonly Value[] {
  if (!inputs.some((value) => value.layout === 'nhwc')) return inputs;
  if (rank !== 4) return inputs.map((value) => graph.plain(value));
  return inputs.map((value) => {
    if (value.shape.length === 0) return value;
    const ones = Array.from({ length: 4 - value.shape.length }, () => 1);
    return graph.nhwc(ones.length === 0 ? value : graph.reshape(value, [...ones, ...value.shape]));
  });
}

function result({ expr, inputs }: EmissionContext, operands: readonly Value[], type = dataType(expr.dtype)) {
  const nhwc = operands.some((value) => value.layout === 'nhwc');
  const [n, c, h, w] = expr.shape as [number, number, number, number];
  const shape = nhwc ? [n, h, w, c] : expr.shape;
  return { shape, type, layout: nhwc ? 'nhwc' : 'plain', of: inputs.length } as const;
}

const nary =
  (op: string, typed = true): Emission =>
  (context) => {
    const operands = aligned(context.graph, context.inputs, context.expr.shape.length);
    const attributes = typed ? { T: { type: operands[0]?.type ?? 'float' } } : {};
    return context.graph.node(op, operands, attributes, result(context, operands));
  };

function select(context: EmissionContext): Value {
  const operands = aligned(context.graph, context.inputs, context.expr.shape.length);
  const type = dataType(context.expr.dtype);
  return context.graph.node('SelectV2', operands, { T: { type } }, result(context, operands));
}

/** TensorFlow's own kernel where shapes agree; otherwise the mask as a factor. */
function reluGrad(context: EmissionContext): Value {
  const { graph, expr } = context;
  const operands = aligned(graph, context.inputs, expr.shape.length) as [Value, Value];
  const [g, x] = operands;
  const same = g.shape.join() === x.shape.join();
  if (same) return graph.node('ReluGrad', [g, x], { T: { type: 'float' } }, result(context, operands));
  const positive = graph.binary('Greater', x, graph.scalar(0), x.shape, 'bool', x.layout);
  const mask = castTo(graph, positive, 'float');
  return graph.node('Mul', [g, mask], { T: { type: 'float' } }, result(context, operands));
}

export function castTo(graph: GraphBuilder, x: Value, type: DataType): Value {
  if (x.type === type) return x;
  const attributes = { SrcT: { type: x.type }, DstT: { type } } as const;
  return graph.node('Cast', [x], attributes, { ...x, type });
}

/** Whole numbers take the detour over floats where there is no kernel of their own. */
const floatOnly =
  (op: string): Emission =>
  (context) => {
    const { graph, expr, inputs } = context;
    if (expr.dtype === 'float') return nary(op)(context);
    const wide = inputs.map((value) => castTo(graph, value, 'float'));
    return castTo(graph, graph.unary(op, wide[0] as Value), dataType(expr.dtype));
  };

export const elementwise: Readonly<Record<string, Emission>> = {
  neg: nary('Neg'),
  exp: nary('Exp'),
  log: nary('Log'),
  sqrt: nary('Sqrt'),
  rsqrt: nary('Rsqrt'),
  abs: nary('Abs'),
  sign: nary('Sign'),
  erf: nary('Erf'),
  sigmoid: nary('Sigmoid'),
  tanh: nary('Tanh'),
  relu: nary('Relu'),
  floor: floatOnly('Floor'),
  sin: nary('Sin'),
  cos: nary('Cos'),
  add: nary('AddV2'),
  sub: nary('Sub'),
  mul: nary('Mul'),
  div: nary('RealDiv'),
  pow: nary('Pow'),
  min: nary('Minimum'),
  max: nary('Maximum'),
  reluGrad,
  eq: nary('Equal'),
  ne: nary('NotEqual'),
  lt: nary('Less'),
  le: nary('LessEqual'),
  gt: nary('Greater'),
  ge: nary('GreaterEqual'),
  and: nary('LogicalAnd', false),
  or: nary('LogicalOr', false),
  not: nary('LogicalNot', false),
  select,
  cast: ({ graph, expr, inputs }) => castTo(graph, inputs[0] as Value, dataType(expr.dtype)),
};
