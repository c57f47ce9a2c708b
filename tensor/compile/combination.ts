/** Linear combinations of arrays with small factors, Σ sᵢ·Xᵢ + c, as data: what an operation combines, and products of two. */
import { constant, type Expr } from '../expr.ts';
import { apply } from '../ops/table.ts';
import { isSmall, scaled } from './factors.ts';
import { sameShape } from './rule.ts';

export interface Combination {
  /** Factors by their arrays; one left out is 1. */
  readonly terms: ReadonlyMap<Expr, Expr | undefined>;
  readonly shift?: Expr;
}

/** One operation's own: a sum, difference or scaling of arrays of the shape of its result. */
export interface LinearParts {
  readonly arrays: readonly Expr[];
  /** Of each array; one left out is 1. */
  readonly factors: readonly (Expr | undefined)[];
  readonly shift?: Expr;
}

export function linearParts(expr: Expr): LinearParts | undefined {
  const { op, inputs, dtype } = expr;
  if (dtype !== 'float') return undefined;
  const [a, b] = inputs as [Expr, Expr];
  if (op === 'neg') return { arrays: [a], factors: [constant(-1)] };
  if (op === 'mul') {
    const [x, factor] = scaled(expr) ?? [];
    return x && { arrays: [x], factors: [factor] };
  }
  if (op !== 'add' && op !== 'sub') return undefined;
  const sign = op === 'sub' ? constant(-1) : undefined;
  if (sameShape(a, expr) && sameShape(b, expr)) return { arrays: [a, b], factors: [undefined, sign] };
  if (sameShape(a, expr) && isSmall(b, expr)) return { arrays: [a], factors: [undefined], shift: product(b, sign) };
  if (sameShape(b, expr) && isSmall(a, expr)) return { arrays: [b], factors: [sign], shift: a };
  return undefined;
}

/** `parts` with those arrays taken apart that `inside` knows as combinations. */
export function combined(
  { arrays, factors, shift: own }: LinearParts,
  inside: (array: Expr) => Combination,
): Combination {
  const terms = new Map<Expr, Expr | undefined>();
  let shift = own;
  for (const [index, array] of arrays.entries()) {
    const factor = factors[index];
    const inner = inside(array);
    for (const [x, before] of inner.terms) {
      const here = product(before, factor);
      terms.set(x, terms.has(x) ? apply('add', [terms.get(x) ?? constant(1), here ?? constant(1)]) : here);
    }
    if (!inner.shift) continue;
    const moved = product(inner.shift, factor);
    shift = shift ? apply('add', [shift, moved]) : moved;
  }
  return { terms, ...(shift && { shift }) };
}

export function itself(array: Expr): Combination {
  return { terms: new Map([[array, undefined]]) };
}

/** factor · the product of the arrays: two, one or, of a shift, none. */
export interface Summand {
  readonly arrays: readonly Expr[];
  readonly factor?: Expr | undefined;
}

/** Of one combination, or of the product of two. */
export function summandsOf([left, right]: readonly Combination[]): readonly Summand[] {
  const xs = left ? single(left) : [];
  if (!right) return xs;
  const ys = single(right);
  return xs.flatMap((x) =>
    ys.map((y) => ({ arrays: [...x.arrays, ...y.arrays], factor: product(x.factor, y.factor) })),
  );
}

function single({ terms, shift }: Combination): readonly Summand[] {
  const arrays: Summand[] = [...terms].map(([x, factor]) => ({ arrays: [x], factor }));
  return shift ? [...arrays, { arrays: [], factor: shift }] : arrays;
}

/** Where 1 is left out. */
export function product(a: Expr, b: Expr | undefined): Expr;
export function product(a: Expr | undefined, b: Expr | undefined): Expr | undefined;
export function product(a: Expr | undefined, b: Expr | undefined): Expr | undefined {
  return a && b ? apply('mul', [a, b]) : (a ?? b);
}
