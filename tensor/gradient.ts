/**
 * Reverse-mode differentiation: expressions in, expressions out, so that the result can be differentiated again.
 * Cotangents are built from the outputs down, only for what lies between them and `wrt`, by a loop and not by recursion:
 * graphs of unrolled training are deeper than the call stack.
 */
import { constant, type Expr } from './expr.ts';
import { add, zeros } from './ops/index.ts';
import { opDefinition, withOrigin } from './ops/table.ts';
import { inTopologicalOrder } from './topological.ts';

/** ∂y/∂x for every x of `wrt`; zeros where y does not depend on it. `y` is a single float. */
export function gradient(y: Expr, wrt: readonly Expr[]): Expr[] {
  if (y.dtype !== 'float' || y.shape.length !== 0) {
    throw new Error(`A gradient is that of one float, but y is ${described(y)}${place(y)}`);
  }
  return vjp([y], [constant(1)], wrt).map((found, index) => found ?? zeros(wrt[index]?.shape ?? []));
}

/** Σᵢ ⟨cotangentᵢ, ∂outputᵢ/∂x⟩ for every x of `wrt`; undefined where no output depends on it. */
export function vjp(outputs: readonly Expr[], cotangents: readonly Expr[], wrt: readonly Expr[]): (Expr | undefined)[] {
  if (outputs.length !== cotangents.length) {
    throw new Error(`${outputs.length} outputs take as many cotangents, got ${cotangents.length}`);
  }
  const order = inTopologicalOrder(outputs);
  const varies = dependents(order, wrt);
  const found = new Map<Expr, Expr>();
  const flow = (to: Expr, part: Expr) => {
    const before = found.get(to);
    found.set(to, before ? add(before, part) : part);
  };
  for (const [index, output] of outputs.entries()) {
    const cotangent = cotangents[index];
    if (cotangent?.dtype !== 'float' || cotangent.shape.join() !== output.shape.join()) {
      throw new Error(`Output ${index} is ${described(output)}, but its cotangent is ${described(cotangent)}`);
    }
    if (varies.has(output)) flow(output, cotangent);
  }
  for (let position = order.length - 1; position >= 0; position--) {
    const node = order[position];
    const cotangent = node && found.get(node);
    if (!node || !cotangent) continue;
    withOrigin(node.origin, () => pullBack(node, cotangent, varies, flow));
  }
  return wrt.map((x) => found.get(x));
}

function pullBack(node: Expr, cotangent: Expr, varies: ReadonlySet<Expr>, flow: (to: Expr, part: Expr) => void): void {
  for (const [index, from] of node.inputs.entries()) {
    if (!varies.has(from)) continue;
    const { derivative } = opDefinition(node.op);
    if (!derivative) throw new Error(`The operation ${node.op} has no derivative${place(node)}`);
    const part = derivative(node, cotangent, index);
    if (part) flow(from, part);
  }
}

/** The floats of `order` that depend on `wrt`, which must be float. */
function dependents(order: readonly Expr[], wrt: readonly Expr[]): ReadonlySet<Expr> {
  for (const x of wrt) {
    if (x.dtype !== 'float')
      throw new Error(`Derivatives are those in floats, not in ${x.op} of ${x.dtype}${place(x)}`);
  }
  const varies = new Set<Expr>(wrt);
  for (const node of order) {
    if (node.dtype === 'float' && node.inputs.some((from) => varies.has(from))) varies.add(node);
  }
  return varies;
}

function described(expr: Expr | undefined): string {
  return expr ? `${expr.dtype} [${expr.shape.join(', ')}]` : 'missing';
}

function place({ origin }: Expr): string {
  return origin === undefined ? '' : ` (${origin})`;
}
