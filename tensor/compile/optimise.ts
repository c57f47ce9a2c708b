/**
 * The passes over a graph before a backend sees it, in one walk from inputs to outputs: each node is simplified, folded where
 * all its inputs are constants, and merged with an equal one met before; what no output needs is never walked.
 * Cost is linear in the nodes. `origin` is kept: that of the first of equal nodes.
 */
import { constant, type Expr, withInputs } from '../expr.ts';
import { described, shownOrigin } from '../ops/describe.ts';
import { opDefinition } from '../ops/table.ts';
import { sizeOf } from '../tensor.ts';
import { inTopologicalOrder } from '../topological.ts';
import { gathered, passesOf } from './gather.ts';
import { simplified } from './simplify.ts';
import { constantKey, nodeKey } from './structure.ts';
import { writtenOut } from './written-out.ts';

/** Constants above this stay computed: they would only make the program larger. */
const LARGEST_FOLDED = 4096;

export function optimise(outputs: Readonly<Record<string, Expr>>): Record<string, Expr> {
  const simple = merged(outputs);
  const other = merged(gathered(simple));
  const fewest = passesOf(other) < passesOf(simple) ? other : simple;
  return merged(writtenOut(fewest));
}

function merged(outputs: Readonly<Record<string, Expr>>): Record<string, Expr> {
  const order = inTopologicalOrder(Object.values(outputs));
  const unique = new Uniques(order);
  const renewed = new Map<Expr, Expr>();
  for (const expr of order) {
    const inputs = expr.inputs.map((from) => renewed.get(from) as Expr);
    renewed.set(expr, unique.of(expr, inputs));
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, expr]) => [name, renewed.get(expr) as Expr]));
}

class Uniques {
  readonly #known = new Map<string, Expr>();
  readonly #numbers = new Map<Expr, number>();
  readonly #order: readonly Expr[];

  constructor(order: readonly Expr[]) {
    this.#order = order;
  }

  /** The one node that stands for `expr` over `inputs`. */
  of(expr: Expr, inputs: readonly Expr[]): Expr {
    if (expr.op === 'input') return this.#ofInput(expr);
    if (expr.op === 'constant') return this.#merged(constantKey(expr), expr);
    const simple = simplified(expr, inputs, (node) => this.#ofNew(node));
    if (simple) return simple;
    const node = withInputs(expr, inputs);
    return folded(node, (value) => this.of(value, [])) ?? this.#merged(this.#keyOf(node), node);
  }

  /** A feed has one shape and type: two inputs of one name have to agree. */
  #ofInput(expr: Expr): Expr {
    const known = this.#merged(`input ${String(expr.attrs.name)}`, expr);
    const [one, other] = [known, expr].map((of) => described([of]));
    if (one === other) return known;
    const name = String(expr.attrs.name);
    throw new Error(`The input ${name} is both ${one}${this.#use(known)} and ${other}${this.#use(expr)}`);
  }

  /** Where an input is first used: inputs are made far from where they meet. */
  #use(of: Expr): string {
    const user = this.#order.find(({ inputs }) => inputs.includes(of));
    if (!user) return '';
    const line = user.origin === undefined ? '' : ` at ${shownOrigin(user.origin)}`;
    return ` (in \`${user.op}\`${line})`;
  }

  /** A node that a rule has made; constants among its inputs may be new as well. */
  #ofNew(node: Expr): Expr {
    return this.of(
      node,
      node.inputs.map((input) => (this.#numbers.has(input) ? input : this.of(input, input.inputs))),
    );
  }

  #keyOf(node: Expr): string {
    return nodeKey(
      node,
      node.inputs.map((input) => this.#numbers.get(input) as number),
    );
  }

  #merged(key: string, node: Expr): Expr {
    const known = this.#known.get(key);
    if (known) return known;
    this.#known.set(key, node);
    this.#numbers.set(node, this.#numbers.size);
    return node;
  }
}

/** In float64, so that a folded value is at least as exact as a computed one. */
function folded(node: Expr, unique: (value: Expr) => Expr): Expr | undefined {
  if (node.inputs.length === 0 || sizeOf(node.shape) > LARGEST_FOLDED) return undefined;
  const values = node.inputs.flatMap(({ value }) => value ?? []);
  if (values.length < node.inputs.length) return undefined;
  const wide = values.map((value) =>
    value.data instanceof Float32Array ? { ...value, data: Float64Array.from(value.data) } : value,
  );
  return unique(constant(opDefinition(node.op).evaluate(wide, node.attrs, node)));
}
