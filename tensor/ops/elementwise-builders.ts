/** Builders of elementwise operations. A plain number beside an int expression is an int, else a float. */
import { constant, type Expr } from '../expr.ts';
import { type DType, ints } from '../tensor.ts';
import { apply } from './apply.ts';

export type Operand = Expr | number;

function asExpr(operand: Operand, beside?: Operand): Expr {
  if (typeof operand !== 'number') return operand;
  const whole = typeof beside === 'object' && beside.dtype === 'int' && Number.isInteger(operand);
  return constant(whole ? ints([operand], []) : operand);
}

const unary = (op: string) => (x: Operand) => apply(op, [asExpr(x)]);
const binary = (op: string) => (a: Operand, b: Operand) => apply(op, [asExpr(a, b), asExpr(b, a)]);

export const neg = unary('neg');
export const exp = unary('exp');
export const log = unary('log');
export const sqrt = unary('sqrt');
/** 1/√x */
export const rsqrt = unary('rsqrt');
export const abs = unary('abs');
/** -1, 0 or 1; nothing flows back through it. */
export const sign = unary('sign');
export const erf = unary('erf');
export const sigmoid = unary('sigmoid');
export const tanh = unary('tanh');
export const relu = unary('relu');
/** Nothing flows back through it. */
export const floor = unary('floor');
export const sin = unary('sin');
export const cos = unary('cos');

export const add = binary('add');
export const sub = binary('sub');
export const mul = binary('mul');
export const div = binary('div');
export const pow = binary('pow');
/** The smaller; of equals the derivative goes to `a`. */
export const min = binary('min');
/** The larger; of equals the derivative goes to `a`. */
export const max = binary('max');
/** g where x > 0, else 0 */
export const reluGrad = binary('reluGrad');

export const eq = binary('eq');
export const ne = binary('ne');
export const lt = binary('lt');
export const le = binary('le');
export const gt = binary('gt');
export const ge = binary('ge');

export function and(a: Expr, b: Expr): Expr {
  return apply('and', [a, b]);
}

export function or(a: Expr, b: Expr): Expr {
  return apply('or', [a, b]);
}

export function not(a: Expr): Expr {
  return apply('not', [a]);
}

/** `a` where `condition`, else `b`; all broadcast. */
export function select(condition: Expr, a: Operand, b: Operand): Expr {
  return apply('select', [condition, asExpr(a, b), asExpr(b, a)]);
}

/** Floats become int by cutting off the fraction, bool by being other than 0. Nothing flows back but float to float. */
export function cast(x: Expr, to: DType): Expr {
  return x.dtype === to ? x : apply('cast', [x], { to });
}

export function square(x: Operand): Expr {
  const value = asExpr(x);
  return mul(value, value);
}

/** x kept within [low, high]; the derivative passes on the borders too, as in PyTorch. */
export function clip(x: Operand, low: Operand, high: Operand): Expr {
  return min(max(x, low), high);
}
