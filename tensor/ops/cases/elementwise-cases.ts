/** Cases of elementwise operations, comparisons and casts. */
import type { Expr } from '../../expr.ts';
import * as op from '../index.ts';
import { type CaseInput, type OpCase, opCase } from './case.ts';

const positive: CaseInput = { shape: [2, 3], range: [0.4, 3] };
const signed: CaseInput = { shape: [3, 1, 5] };

const unary: readonly OpCase[] = [
  opCase('neg', [signed], op.neg),
  opCase('exp', [signed], op.exp),
  opCase('log', [positive], op.log),
  opCase('sqrt', [positive], op.sqrt),
  opCase('rsqrt', [positive], op.rsqrt),
  opCase('abs', [signed], op.abs),
  opCase('sign', [signed], op.sign),
  opCase('erf', [{ shape: [7], range: [-3, 3] }], op.erf),
  opCase('sigmoid', [{ shape: [7], range: [-6, 6] }], op.sigmoid),
  opCase('tanh', [signed], op.tanh),
  opCase('relu', [signed], op.relu),
  opCase('floor', [{ shape: [8], range: [-4, 4] }], op.floor),
  opCase('sin', [signed], op.sin),
  opCase('cos', [signed], op.cos),
  opCase('relu of nothing', [[0, 3]], op.relu),
  opCase('square', [signed], op.square),
  opCase('clip', [signed], (x) => op.clip(x, -1, 1.5)),
];

type Pair = (a: Expr, b: Expr) => Expr;

const pairs: readonly (readonly [string, Pair])[] = [
  ['add', op.add],
  ['sub', op.sub],
  ['mul', op.mul],
  ['div', (a, b) => op.div(a, op.add(op.square(b), 0.5))],
  ['min', op.min],
  ['max', op.max],
  ['reluGrad', op.reluGrad],
];

const binary: readonly OpCase[] = [
  ...pairs.flatMap(([name, build]) => [
    opCase(
      name,
      [
        [2, 3],
        [2, 3],
      ],
      build,
    ),
    opCase(
      `${name}, both stretched`,
      [
        [2, 1, 3],
        [5, 1],
      ],
      build,
    ),
    opCase(`${name} with a scalar`, [[3, 1], []], build),
  ]),
  opCase(
    'add of nothing',
    [
      [0, 3],
      [1, 3],
    ],
    op.add,
  ),
  opCase('mul of nothing by a row', [[0, 3], [3]], op.mul),
  opCase('mul by itself', [[5]], (x) => op.mul(x, x)),
  opCase('number minus x', [[3]], (x) => op.sub(1, x)),
  opCase('number over x', [positive], (x) => op.div(2, x)),
  // Lengths of 1 at the end, as filters of single pixels have them.
  ...[[], [1], [2, 1], [1, 2, 1]].flatMap((shape) => [
    opCase(`mul of [3,2,1] by [${shape}]`, [[3, 2, 1], shape], op.mul),
    opCase(`sub of [3,2,1] from [${shape}]`, [shape, [3, 2, 1]], op.sub),
  ]),
  opCase('div by a row', [[2, 3], { shape: [3], range: [0.5, 2] }], op.div),
  opCase('pow', [positive, { shape: [3], range: [-2, 3] }], op.pow),
  opCase('pow by a number', [positive], (x) => op.pow(x, 3)),
  opCase('pow of a negative base', [[4]], (x) => op.pow(x, 2)),
  opCase('add of ints', [whole([4]), whole([2, 1])], op.add, 0),
  opCase('sub of ints', [whole([4]), whole([4])], op.sub, 0),
  opCase('mul of ints by a number', [whole([4])], (x) => op.mul(x, 3), 0),
];

function whole(shape: readonly number[], range: readonly [number, number] = [-3, 4]): CaseInput {
  return { shape, dtype: 'int', range };
}

function flags(shape: readonly number[]): CaseInput {
  return { shape, dtype: 'bool' };
}

const comparisons: readonly (readonly [string, Pair])[] = [
  ['eq', op.eq],
  ['ne', op.ne],
  ['lt', op.lt],
  ['le', op.le],
  ['gt', op.gt],
  ['ge', op.ge],
];

const logic: readonly OpCase[] = [
  ...comparisons.flatMap(([name, build]) => [
    opCase(
      name,
      [
        [3, 2],
        [3, 2],
      ],
      build,
      0,
    ),
    opCase(`${name} of ints, stretched`, [whole([3, 5]), whole([5])], build, 0),
  ]),
  opCase('and', [flags([3, 2]), flags([2])], op.and, 0),
  opCase('or', [flags([3, 2]), flags([2])], op.or, 0),
  opCase('not', [flags([3, 2])], op.not, 0),
  opCase('select', [flags([3, 2]), [3, 2], [3, 2]], op.select),
  opCase('select, stretched', [flags([3, 1]), [2], []], op.select),
  opCase('select of ints', [flags([3]), whole([3]), whole([3])], op.select, 0),
  opCase('select of flags', [flags([4]), flags([4]), flags([4])], op.select, 0),
  opCase('cast of floats to int', [{ shape: [8], range: [-3, 3] }], (x) => op.cast(x, 'int'), 0),
  opCase('cast of ints to float', [whole([5])], (x) => op.cast(x, 'float'), 0),
  opCase('cast of flags to float', [flags([5])], (x) => op.cast(x, 'float'), 0),
  opCase('cast of ints to bool', [whole([5])], (x) => op.cast(x, 'bool'), 0),
  opCase('cast of floats to bool', [[5]], (x) => op.cast(x, 'bool'), 0),
];

export const elementwiseCases: readonly OpCase[] = [...unary, ...binary, ...logic];
