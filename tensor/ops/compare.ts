/** Comparisons, logic and casts: results without a derivative (but a cast from float to float). */
import type { Expr } from '../expr.ts';
import type { DType } from '../tensor.ts';
import { at, broadcastShape, commonDType, type OpDefinition, type OpFamily, reject } from './definition.ts';
import { evaluatePair } from './elementwise.ts';
import { allocate, tensorOf } from './layout.ts';

function pair(f: (a: number, b: number) => boolean, allowed: readonly DType[]): OpDefinition {
  const asNumber = (a: number, b: number) => (f(a, b) ? 1 : 0);
  return {
    arity: 2,
    infer(inputs) {
      commonDType(inputs, allowed);
      return { shape: broadcastShape(inputs.map(({ shape }) => shape)), dtype: 'bool' };
    },
    derivative: () => undefined,
    evaluate(inputs, _, out) {
      const result = allocate(out);
      evaluatePair(asNumber, inputs, out.shape, result);
      return tensorOf(out, result);
    },
  };
}

const not: OpDefinition = {
  arity: 1,
  infer: (inputs) => ({ shape: at(inputs, 0).shape, dtype: commonDType(inputs, ['bool']) }),
  derivative: () => undefined,
  evaluate: (inputs, _, out) =>
    tensorOf(
      out,
      Uint8Array.from(at(inputs, 0).data, (value) => (value ? 0 : 1)),
    ),
};

const castingTo: readonly DType[] = ['float', 'int', 'bool'];

const cast: OpDefinition = {
  arity: 1,
  infer(inputs, { to }) {
    const dtype = castingTo.find((name) => name === to);
    return { shape: at(inputs, 0).shape, dtype: dtype ?? reject(`it casts to float, int or bool, not ${to}`) };
  },
  derivative: (node: Expr, cotangent) => (at(node.inputs, 0).dtype === 'float' ? cotangent : undefined),
  evaluate(inputs, _, out) {
    const from = at(inputs, 0).data;
    const result = allocate(out);
    for (let index = 0; index < result.length; index++) {
      const value = from[index]!;
      result[index] = out.dtype === 'bool' ? (value === 0 ? 0 : 1) : out.dtype === 'int' ? Math.trunc(value) : value;
    }
    return tensorOf(out, result);
  },
};

const numeric: readonly DType[] = ['float', 'int'];

export const compare: OpFamily = {
  eq: pair((a, b) => a === b, castingTo),
  ne: pair((a, b) => a !== b, castingTo),
  lt: pair((a, b) => a < b, numeric),
  le: pair((a, b) => a <= b, numeric),
  gt: pair((a, b) => a > b, numeric),
  ge: pair((a, b) => a >= b, numeric),
  and: pair((a, b) => a !== 0 && b !== 0, ['bool']),
  or: pair((a, b) => a !== 0 || b !== 0, ['bool']),
  not,
  cast,
};
