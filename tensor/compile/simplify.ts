/**
 * Algebraic simplification, one node at a time, its inputs already simple. Every rule gives the same bits, but for those
 * that say otherwise: x + 0 keeps a negative zero, factors become one rounded product (here and in `factors.ts`), and a
 * shift that the mean takes out again is not added, which saves its rounding.
 */
import { constant, type Expr } from '../expr.ts';
import { apply, withOrigin } from '../ops/table.ts';
import { sizeOf } from '../tensor.ts';
import { factorsBehindSum, gatheredFactors, lastAxesFirst } from './factors.ts';
import { type Context, type Rule, sameShape } from './rule.ts';

/** Something simpler that stands for `expr` over `inputs`; undefined where nothing is. */
export function simplified(expr: Expr, inputs: readonly Expr[], unique: (node: Expr) => Expr): Expr | undefined {
  const rule = Object.hasOwn(RULES, expr.op) ? RULES[expr.op] : undefined;
  const build: Context['build'] = (op, of, attrs = {}) => unique(withOrigin(expr.origin, () => apply(op, of, attrs)));
  return rule?.({ expr, inputs, build });
}

/** The number of a float constant of one element. */
function numberOf(expr: Expr | undefined): number | undefined {
  if (expr?.op !== 'constant' || expr.dtype !== 'float' || sizeOf(expr.shape) !== 1) return undefined;
  return expr.value?.data[0];
}

/** Constants above this are not looked through: they are data, not a fill. */
const LARGEST_FILL = 4096;

/** The number that a float constant is filled with: fresh scales and shifts of norms, say. */
function fillOf(expr: Expr | undefined): number | undefined {
  if (expr?.op !== 'constant' || expr.dtype !== 'float' || !expr.value || expr.value.data.length > LARGEST_FILL)
    return undefined;
  const { data } = expr.value;
  for (let index = 1; index < data.length; index++) if (data[index] !== data[0]) return undefined;
  return data[0];
}

/** `x` where it already has the shape of the result. */
function asIs(x: Expr | undefined, { expr }: Context): Expr | undefined {
  return x && sameShape(x, expr) ? x : undefined;
}

/** A broadcast operand of an elementwise operation need not be written out where the other has the full shape. */
function withoutBroadcast(context: Context): Expr | undefined {
  const { expr, inputs, build } = context;
  const [a, b] = inputs as [Expr, Expr];
  const full = expr.shape.join();
  const bare = (x: Expr, other: Expr) => x.op === 'broadcastTo' && other.shape.join() === full;
  if (bare(a, b)) return build(expr.op, [a.inputs[0] as Expr, b], expr.attrs);
  if (bare(b, a)) return build(expr.op, [a, b.inputs[0] as Expr], expr.attrs);
  return undefined;
}

function add(context: Context): Expr | undefined {
  const [a, b] = context.inputs;
  // -0 + 0 would be 0: the sign of a zero is not kept.
  if (fillOf(b) === 0) return asIs(a, context) ?? withoutBroadcast(context);
  if (fillOf(a) === 0) return asIs(b, context) ?? withoutBroadcast(context);
  return withoutBroadcast(context);
}

function sub(context: Context): Expr | undefined {
  const [a, b] = context.inputs;
  return (fillOf(b) === 0 ? asIs(a, context) : undefined) ?? withoutBroadcast(context);
}

function mul(context: Context): Expr | undefined {
  const { expr, inputs, build } = context;
  const [a, b] = inputs as [Expr, Expr];
  if (fillOf(b) === 1 && sameShape(a, expr)) return a;
  if (fillOf(a) === 1 && sameShape(b, expr)) return b;
  for (const [x, factor] of [
    [a, numberOf(b)],
    [b, numberOf(a)],
  ] as const) {
    if (factor === undefined) continue;
    // (x · p) · q is x · (p · q), rounded once instead of twice.
    const [inner, other] = x.op === 'mul' ? x.inputs : [];
    const before = numberOf(other) ?? numberOf(inner);
    const of = numberOf(other) === undefined ? other : inner;
    if (before === undefined || !of || numberOf(of) !== undefined) continue;
    if (isOrdinary(before * factor) && sameShape(x, expr) && sameShape(of, expr)) {
      return build('mul', [of, constant(before * factor)]);
    }
    return withoutBroadcast(context);
  }
  return withoutBroadcast(context) ?? gatheredFactors(context);
}

/** Whether float32 holds a factor to its full precision: neither too small nor too large. */
function isOrdinary(factor: number): boolean {
  const size = Math.abs(factor);
  return factor === 0 || (size >= 2 ** -126 && size < 2 ** 127);
}

function div(context: Context): Expr | undefined {
  const [a, b] = context.inputs;
  return (fillOf(b) === 1 ? asIs(a, context) : undefined) ?? withoutBroadcast(context);
}

/** What is added alike to all elements that are normalised together (a convolution's bias, say) leaves with their mean. */
function withoutShift({ expr, inputs: [x], build }: Context): Expr | undefined {
  if (x?.op !== 'add' && x?.op !== 'sub') return undefined;
  const [a, b] = x.inputs as [Expr, Expr];
  const axes = expr.attrs.axes as readonly number[];
  const isShift = (part: Expr) =>
    axes.every((axis) => (part.shape[axis - (x.shape.length - part.shape.length)] ?? 1) === 1);
  if (sameShape(a, x) && isShift(b)) return build(expr.op, [a], expr.attrs);
  if (x.op === 'add' && sameShape(b, x) && isShift(a)) return build(expr.op, [b], expr.attrs);
  return undefined;
}

const RULES: Readonly<Record<string, Rule>> = {
  add,
  sub,
  mul,
  div,
  normalize: withoutShift,
  inverseDeviation: withoutShift,
  neg: ({ inputs: [x] }) => (x?.op === 'neg' ? x.inputs[0] : undefined),
  cast: (context) => asIs(context.inputs[0], context),
  broadcastTo: (context) => asIs(context.inputs[0], context),
  slice: (context) => asIs(context.inputs[0], context),
  pad: (context) => asIs(context.inputs[0], context),
  sum: (context) =>
    isEmpty(context.expr.attrs.axes) ? context.inputs[0] : (factorsBehindSum(context) ?? lastAxesFirst(context)),
  reshape(context) {
    const { expr, inputs, build } = context;
    const [x] = inputs as [Expr];
    if (sameShape(x, expr)) return x;
    return x.op === 'reshape' ? build('reshape', x.inputs, { shape: expr.shape }) : undefined;
  },
  transpose({ expr, inputs, build }) {
    const [x] = inputs as [Expr];
    const perm = expr.attrs.perm as readonly number[];
    if (perm.every((axis, index) => axis === index)) return x;
    if (x.op !== 'transpose') return undefined;
    const before = x.attrs.perm as readonly number[];
    return build('transpose', x.inputs, { perm: perm.map((axis) => before[axis] as number) });
  },
};

function isEmpty(attr: unknown): boolean {
  return Array.isArray(attr) && attr.length === 0;
}
