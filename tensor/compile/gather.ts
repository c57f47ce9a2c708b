/**
 * Adjoints of norms, once and twice, are combinations Σ sᵢ·Xᵢ + c of large arrays with small factors, sums over them, and
 * combinations of those. A pass over the arrays is what costs: a combination that is only combined further or summed is
 * not computed; its parts go where it went, each array once, and
 *
 *   Σ (Σᵢ sᵢ·Xᵢ)·(Σⱼ tⱼ·Yⱼ) = Σᵢⱼ sᵢ·tⱼ·Σ Xᵢ·Yⱼ   over axes along which the factors are one number,
 *
 * whose inner products a graph of second derivatives has anyway. In the adjoint of a training step of a ConvNet that
 * spares a quarter of what is read and written outside products. Exact but for rounding.
 */
import { constant, type Expr, withInputs } from '../expr.ts';
import { numbersAttr } from '../ops/attrs.ts';
import { apply, withOrigin } from '../ops/table.ts';
import { sizeOf } from '../tensor.ts';
import { inTopologicalOrder } from '../topological.ts';
import { type Combination, combined, itself, linearParts, product, type Summand, summandsOf } from './combination.ts';
import { isEqualAlong, isSmall } from './factors.ts';
import { sameShape } from './rule.ts';

/** A pass over fewer elements costs no more than the small operations that spare it. */
const LARGE = 2 ** 17;
/** Sums of more parts are computed where they stand. */
const MOST_SUMMANDS = 6;

type Graph = Readonly<Record<string, Expr>>;

/** The graph with its combinations gathered. That may also cost passes: `passesOf` tells. */
export function gathered(outputs: Graph): Graph {
  const gathering = new Gathering(outputs);
  return Object.fromEntries(Object.entries(outputs).map(([name, expr]) => [name, gathering.valueOf(expr)]));
}

/** Elements of large arrays read and written by the operations that gathering adds and spares. */
export function passesOf(outputs: Graph): number {
  let moved = 0;
  for (const { op, inputs, shape } of inTopologicalOrder(Object.values(outputs))) {
    if (!['add', 'sub', 'mul', 'neg', 'sum'].includes(op)) continue;
    for (const size of [shape, ...inputs.map((x) => x.shape)].map(sizeOf)) if (size >= LARGE) moved += size;
  }
  return moved;
}

class Gathering {
  readonly #readers = new Map<Expr, Expr[]>();
  /** What something else than combinations and sums reads. */
  readonly #computed = new Set<Expr>();
  readonly #combinations = new Map<Expr, Combination>();
  /** Sums of arrays, and of products of two, that there will be (`innerName`). */
  readonly #known = new Set<string>();
  readonly #values = new Map<Expr, Expr>();

  constructor(outputs: Graph) {
    const order = inTopologicalOrder(Object.values(outputs));
    for (const expr of order) {
      for (const read of new Set(expr.inputs)) this.#readers.set(read, [...this.#readersOf(read), expr]);
    }
    const results = new Set(Object.values(outputs));
    for (const expr of order) if (results.has(expr) || this.#isReadWhole(expr)) this.#computed.add(expr);
    for (const expr of order) this.#combine(expr);
    for (const expr of order) this.#learn(expr);
    for (const expr of order) if (this.#computed.has(expr) || !this.#combinations.has(expr)) this.valueOf(expr);
  }

  valueOf(expr: Expr): Expr {
    const known = this.#values.get(expr);
    if (known) return known;
    const value = withOrigin(expr.origin, () => this.#gathered(expr)) ?? this.#asItWas(expr);
    this.#values.set(expr, value);
    return value;
  }

  #gathered(expr: Expr): Expr | undefined {
    return expr.op === 'sum' ? this.#sum(expr) : this.#combination(expr);
  }

  #asItWas(expr: Expr): Expr {
    return withInputs(
      expr,
      expr.inputs.map((from) => this.valueOf(from)),
    );
  }

  #readersOf(expr: Expr): readonly Expr[] {
    return this.#readers.get(expr) ?? [];
  }

  #isReadWhole(expr: Expr): boolean {
    const isSummed = (reader: Expr) =>
      reader.op === 'sum' || (isProduct(reader) && this.#readersOf(reader).every(({ op }) => op === 'sum'));
    return this.#readersOf(expr).some((reader) => !linearParts(reader)?.arrays.includes(expr) && !isSummed(reader));
  }

  #combine(expr: Expr): void {
    const parts = sizeOf(expr.shape) >= LARGE ? linearParts(expr) : undefined;
    if (!parts) return;
    const combination = combined(parts, (array) => this.#apart(array));
    const smalls = [...combination.terms.values(), combination.shift].flatMap((small) => small ?? []);
    if (combination.terms.size > MOST_SUMMANDS || !smalls.every((small) => isSmall(small, expr))) return;
    this.#combinations.set(expr, combination);
  }

  /** What readers see of an array. */
  #apart(array: Expr): Combination {
    return (this.#computed.has(array) ? undefined : this.#combinations.get(array)) ?? itself(array);
  }

  #combination(expr: Expr): Expr | undefined {
    const found = this.#combinations.get(expr);
    if (!found || !this.#spares(expr)) return undefined;
    const terms = [...found.terms].map(([x, factor]) => product(this.valueOf(x), factor && this.valueOf(factor)));
    return added(found.shift ? [...terms, this.valueOf(found.shift)] : terms);
  }

  /** Whether an array comes twice, or what is not computed is also read elsewhere. */
  #spares(expr: Expr): boolean {
    const seen = new Set<Expr>();
    const open = [expr];
    for (let next = open.pop(); next; next = open.pop()) {
      for (const array of linearParts(next)?.arrays ?? []) {
        if (seen.has(array)) return true;
        seen.add(array);
        if (this.#computed.has(array) || !this.#combinations.has(array)) continue;
        if (this.#readersOf(array).length > 1) return true;
        open.push(array);
      }
    }
    return false;
  }

  #learn(expr: Expr): void {
    if (expr.op !== 'sum') return;
    const summands = this.#summands(expr, (array) => this.#apart(array)) ?? [{ arrays: summedArrays(expr) }];
    for (const { arrays } of summands) this.#known.add(innerName(arrays, axesOf(expr)));
  }

  /** Even of what is computed, where all the parts' sums are there. */
  #sum(expr: Expr): Expr | undefined {
    const all = this.#summands(expr, (array) => this.#combinations.get(array) ?? itself(array));
    const isKnown = all?.every(({ arrays }) => arrays.length === 0 || this.#known.has(innerName(arrays, axesOf(expr))));
    const summands = isKnown ? all : this.#summands(expr, (array) => this.#apart(array));
    const total = added(summands?.map((summand) => this.#summed(summand, expr)) ?? []);
    if (!total) return undefined;
    const [x] = expr.inputs as [Expr];
    const kept = x.shape.map((length, axis) => (axesOf(expr).includes(axis) ? 1 : length));
    const full = total.shape.join() === kept.join() ? total : apply('broadcastTo', [total], { shape: kept });
    return apply('reshape', [full], { shape: expr.shape });
  }

  /** What a sum is of, where it can be summed part by part and is not one array already. */
  #summands(expr: Expr, apart: (array: Expr) => Combination): readonly Summand[] | undefined {
    const [x] = expr.inputs as [Expr];
    if (x.dtype !== 'float' || sizeOf(x.shape) < LARGE) return undefined;
    const summands = summandsOf(summedArrays(expr).map(apart));
    if (summands.length > MOST_SUMMANDS || (summands.length === 1 && !summands[0]?.factor)) return undefined;
    const axes = axesOf(expr);
    return summands.every(({ factor }) => !factor || isEqualAlong(factor, x, axes)) ? summands : undefined;
  }

  /** With the summed axes kept. */
  #summed({ arrays, factor: old }: Summand, expr: Expr): Expr {
    const axes = axesOf(expr);
    const factor = old && this.valueOf(old);
    const [a, b] = arrays.map((array) => this.valueOf(array));
    if (a) return product(apply('sum', [product(a, b)], { axes, keepDims: true }), factor);
    const count = axes.reduce((all, axis) => all * (expr.inputs[0]?.shape[axis] ?? 1), 1);
    return product(constant(count), factor);
  }
}

function added(terms: readonly Expr[]): Expr | undefined {
  const [first, ...rest] = terms;
  return first && rest.reduce((total, term) => apply('add', [total, term]), first);
}

/** Of two arrays of the shape of the result. */
function isProduct(expr: Expr): boolean {
  return expr.op === 'mul' && expr.inputs.every((side) => sameShape(side, expr));
}

function summedArrays({ inputs: [x] }: Expr): readonly Expr[] {
  if (!x) return [];
  return isProduct(x) ? x.inputs : [x];
}

function axesOf({ attrs }: Expr): readonly number[] {
  return numbersAttr(attrs, 'axes');
}

/** Of the same arrays in either order over the same axes. */
function innerName(arrays: readonly Expr[], axes: readonly number[]): string {
  return `${arrays.map(({ id }) => id).sort((a, b) => a - b)} over ${axes}`;
}
