/** Functions of one or two numbers, element by element; pairs broadcast as in NumPy. */
import type { Expr } from '../expr.ts';
import { type Shape, sizeOf, type Tensor, type TensorData } from '../tensor.ts';
import { sumTo } from './adjoint.ts';
import { at, broadcastShape, commonDType, type OpDefinition, type OpFamily, requireFloat } from './definition.ts';
import {
  abs,
  cast,
  cos,
  div,
  exp,
  ge,
  le,
  log,
  mul,
  neg,
  pow,
  reluGrad,
  select,
  sign,
  sin,
  square,
  sub,
} from './elementwise-builders.ts';
import { erf as erfOf } from './erf.ts';
import { allocate, broadcastStrides, offsetsOf, tensorOf } from './layout.ts';

/** `slope` is the cotangent of x from that of the node y = f(x); absent where the function is flat. */
function unary(f: (x: number) => number, slope?: (g: Expr, x: Expr, y: Expr) => Expr): OpDefinition {
  return {
    arity: 1,
    infer(inputs) {
      requireFloat(inputs);
      return { shape: at(inputs, 0).shape, dtype: 'float' };
    },
    derivative: (node, cotangent) => slope?.(cotangent, at(node.inputs, 0), node),
    evaluate(inputs, _, out) {
      const x = at(inputs, 0).data;
      const y = allocate(out);
      for (let index = 0; index < y.length; index++) y[index] = f(x[index]!);
      return tensorOf(out, y);
    },
  };
}

/** The elements of an operand as the result reads them: offsets, or undefined where they are its own order. */
export function spread(operand: Tensor, shape: Shape): Int32Array | undefined {
  if (operand.data.length === sizeOf(shape)) return undefined;
  return offsetsOf(shape, broadcastStrides(operand.shape, shape));
}

export function evaluatePair(
  f: (a: number, b: number) => number,
  inputs: readonly Tensor[],
  shape: Shape,
  result: TensorData,
): void {
  const [a, b] = [at(inputs, 0), at(inputs, 1)];
  const [atA, atB] = [spread(a, shape), spread(b, shape)];
  const [left, right] = [a.data, b.data];
  for (let index = 0; index < result.length; index++) {
    result[index] = f(left[atA ? atA[index]! : index]!, right[atB ? atB[index]! : index]!);
  }
}

type PairSlopes = readonly [
  (g: Expr, a: Expr, b: Expr, y: Expr) => Expr | undefined,
  (g: Expr, a: Expr, b: Expr, y: Expr) => Expr | undefined,
];

function binary(f: (a: number, b: number) => number, slopes: PairSlopes, integers = false): OpDefinition {
  return {
    arity: 2,
    infer(inputs) {
      const dtype = commonDType(inputs, integers ? ['float', 'int'] : ['float']);
      return { shape: broadcastShape(inputs.map(({ shape }) => shape)), dtype };
    },
    derivative(node, cotangent, index) {
      const [a, b] = [at(node.inputs, 0), at(node.inputs, 1)];
      const flown = slopes[index === 0 ? 0 : 1](cotangent, a, b, node);
      return flown && sumTo(flown, at(node.inputs, index).shape);
    },
    evaluate(inputs, _, out) {
      const result = allocate(out);
      evaluatePair(f, inputs, out.shape, result);
      return tensorOf(out, result);
    },
  };
}

/** x·x has one operand twice: the whole derivative 2·g·x goes to the first. */
const product: PairSlopes = [
  (g, a, b) => (a === b ? mul(mul(g, 2), b) : mul(g, b)),
  (g, a, b) => (a === b ? undefined : mul(g, a)),
];

/** Of equals, the first operand takes it all. */
const masked = (g: Expr, mask: Expr) => mul(g, cast(mask, 'float'));
const strictly = (g: Expr, mask: Expr) => mul(g, sub(1, cast(mask, 'float')));

const select_: OpDefinition = {
  arity: 3,
  infer(inputs) {
    commonDType(inputs.slice(0, 1), ['bool']);
    const dtype = commonDType(inputs.slice(1), ['float', 'int', 'bool']);
    return { shape: broadcastShape(inputs.map(({ shape }) => shape)), dtype };
  },
  derivative(node, g, index) {
    const condition = at(node.inputs, 0);
    if (index === 0) return undefined;
    return sumTo(index === 1 ? select(condition, g, 0) : select(condition, 0, g), at(node.inputs, index).shape);
  },
  evaluate(inputs, _, out) {
    const [condition, a, b] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
    const [atC, atA, atB] = [spread(condition, out.shape), spread(a, out.shape), spread(b, out.shape)];
    const result = allocate(out);
    for (let index = 0; index < result.length; index++) {
      const chosen = condition.data[atC ? atC[index]! : index];
      result[index] = chosen ? a.data[atA ? atA[index]! : index]! : b.data[atB ? atB[index]! : index]!;
    }
    return tensorOf(out, result);
  },
};

export const elementwise: OpFamily = {
  neg: unary(
    (x) => -x,
    (g) => neg(g),
  ),
  exp: unary(Math.exp, (g, _, y) => mul(g, y)),
  log: unary(Math.log, (g, x) => div(g, x)),
  sqrt: unary(Math.sqrt, (g, _, y) => div(mul(g, 0.5), y)),
  rsqrt: unary(
    (x) => 1 / Math.sqrt(x),
    (g, _, y) => mul(mul(g, -0.5), mul(y, square(y))),
  ),
  abs: unary(Math.abs, (g, x) => mul(g, sign(x))),
  sign: unary(Math.sign),
  erf: unary(erfOf, (g, x) => mul(mul(g, 2 / Math.sqrt(Math.PI)), exp(neg(square(x))))),
  sigmoid: unary(
    (x) => 1 / (1 + Math.exp(-x)),
    (g, _, y) => mul(g, mul(y, sub(1, y))),
  ),
  tanh: unary(Math.tanh, (g, _, y) => mul(g, sub(1, square(y)))),
  // By y, which is positive where x is: then nothing but relu reads x, and backends may fuse it with what made x.
  relu: unary(
    (x) => (x > 0 || Number.isNaN(x) ? x : 0),
    (g, _, y) => reluGrad(g, y),
  ),
  floor: unary(Math.floor),
  sin: unary(Math.sin, (g, x) => mul(g, cos(x))),
  cos: unary(Math.cos, (g, x) => neg(mul(g, sin(x)))),
  add: binary((a, b) => a + b, [(g) => g, (g) => g], true),
  sub: binary((a, b) => a - b, [(g) => g, (g) => neg(g)], true),
  mul: binary((a, b) => a * b, product, true),
  div: binary((a, b) => a / b, [(g, _, b) => div(g, b), (g, _, b, y) => neg(mul(g, div(y, b)))]),
  pow: binary(
    (a, b) => a ** b,
    [
      (g, a, b) => mul(g, mul(b, pow(a, sub(b, 1)))),
      // A log of |a| keeps a negative base with a whole exponent from spoiling what is not asked for.
      (g, a, _, y) => mul(g, mul(y, log(abs(a)))),
    ],
  ),
  min: binary(Math.min, [(g, a, b) => masked(g, le(a, b)), (g, a, b) => strictly(g, le(a, b))]),
  max: binary(Math.max, [(g, a, b) => masked(g, ge(a, b)), (g, a, b) => strictly(g, ge(a, b))]),
  reluGrad: binary((g, x) => (x > 0 ? g : 0), [(g, _, x) => reluGrad(g, x), () => undefined]),
  select: select_,
};
