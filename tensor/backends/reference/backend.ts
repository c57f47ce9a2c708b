/** The backend `reference`: interprets a graph in float64. Slow and obviously correct: what others are measured by. */
import { compilerVersion } from '../../compile/version.ts';
import type { Expr } from '../../expr.ts';
import { opDefinition } from '../../ops/table.ts';
import type { DType, Shape, Tensor } from '../../tensor.ts';
import { inTopologicalOrder, readerCounts } from '../../topological.ts';
import type { Backend, Graph, Program } from '../backend.ts';
import { checkedFeed } from '../feeds.ts';

export function openReference(): Backend {
  return {
    name: 'reference',
    numerics: { backend: 'reference', compiler: compilerVersion },
    prepare: async (graph) => new ReferenceProgram(graph),
  };
}

class ReferenceProgram implements Program {
  readonly inputs: Readonly<Record<string, { shape: Shape; dtype: DType }>>;
  readonly #outputs: readonly (readonly [string, Expr])[];
  readonly #order: readonly Expr[];
  /** How many operations and outputs read an expression: its value is dropped after the last. */
  readonly #readers: ReadonlyMap<Expr, number>;

  constructor({ outputs }: Graph) {
    this.#outputs = Object.entries(outputs);
    this.#order = inTopologicalOrder(Object.values(outputs));
    this.#readers = readerCounts(this.#order, Object.values(outputs));
    this.inputs = Object.fromEntries(
      this.#order
        .filter(({ op }) => op === 'input')
        .map(({ attrs, shape, dtype }) => [String(attrs.name), { shape, dtype }]),
    );
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    for (const [name, expected] of Object.entries(this.inputs)) checkedFeed(feeds, name, expected);
    const values = new Map<Expr, Tensor>();
    const left = new Map(this.#readers);
    const computed = (expr: Expr): Tensor => {
      const value = values.get(expr);
      if (!value) throw new Error(`Internal error: expected ${expr.op} to be computed before it is read`);
      return value;
    };
    for (const expr of this.#order) {
      values.set(expr, evaluate(expr, expr.inputs.map(computed), feeds));
      for (const from of expr.inputs) {
        const readers = (left.get(from) ?? 0) - 1;
        left.set(from, readers);
        if (readers === 0) values.delete(from);
      }
    }
    return Object.fromEntries(this.#outputs.map(([name, expr]) => [name, computed(expr)]));
  }

  dispose(): void {}
}

function evaluate(expr: Expr, inputs: readonly Tensor[], feeds: Readonly<Record<string, Tensor>>): Tensor {
  if (expr.op !== 'input' && expr.op !== 'constant') return opDefinition(expr.op).evaluate(inputs, expr.attrs, expr);
  const value = expr.op === 'input' ? feeds[String(expr.attrs.name)] : expr.value;
  if (!value) throw new Error(`Internal error: expected a value of ${expr.op}`);
  if (value.dtype !== 'float' || value.data instanceof Float64Array) return value;
  return { ...value, data: Float64Array.from(value.data) };
}
