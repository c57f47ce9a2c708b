/**
 * Finds the operation that made the first value that is not finite. A watched backend runs programs as they are until
 * it is told to look: then a program also counts, for every value on its way, how many of its elements are not finite,
 * and a program that gives such a value fails with the operation where it came into being.
 *
 * Infinities that are meant to be there (a mask, a padding) are passed over: only what leads to an output counts.
 */
import { FailureError } from '../../base/result.ts';
import { constant, type Expr } from '../expr.ts';
import { described, shownOrigin } from '../ops/describe.ts';
import { abs, le, select, sum } from '../ops/index.ts';
import { type Shape, sizeOf, type Tensor } from '../tensor.ts';
import { inTopologicalOrder } from '../topological.ts';
import type { Backend, Graph, Program } from './backend.ts';

export interface Watched {
  readonly backend: Backend;
  /** What programs do from now on. */
  look(on: boolean): void;
}

export function watched(backend: Backend): Watched {
  let looking = false;
  return {
    backend: {
      name: backend.name,
      numerics: backend.numerics,
      prepare: async (graph) => new WatchedProgram(backend, graph, await backend.prepare(graph), () => looking),
    },
    look(on) {
      looking = on;
    },
  };
}

class WatchedProgram implements Program {
  readonly inputs: Program['inputs'];
  readonly #backend: Backend;
  readonly #graph: Graph;
  readonly #program: Program;
  readonly #looking: () => boolean;

  constructor(backend: Backend, graph: Graph, program: Program, looking: () => boolean) {
    this.inputs = program.inputs;
    this.#backend = backend;
    this.#graph = graph;
    this.#program = program;
    this.#looking = looking;
  }

  async run(feeds: Readonly<Record<string, Tensor>>) {
    if (this.#looking()) await this.#look(feeds);
    return this.#program.run(feeds);
  }

  dispose(): void {
    this.#program.dispose();
  }

  /** Compiled for this once: looking is rare, and a second program of every kind would take its memory. */
  async #look(feeds: Readonly<Record<string, Tensor>>): Promise<void> {
    const values = inTopologicalOrder(Object.values(this.#graph.outputs)).filter(mayBeInfinite);
    const counts = Object.fromEntries(
      values.map((value, index) => [`notFinite${index}`, countOf(value, this.#backend.name)]),
    );
    // The outputs as well: with them, engines fuse as they did when the number came up.
    const program = await this.#backend.prepare({ outputs: { ...this.#graph.outputs, ...counts } });
    try {
      const found = await program.run(feeds);
      const bad = new Map(
        values.flatMap((value, index): [Expr, number][] => {
          const count = found[`notFinite${index}`]?.data[0] ?? 0;
          return count > 0 ? [[value, count]] : [];
        }),
      );
      const culprit = firstCulprit(Object.values(this.#graph.outputs), bad);
      if (culprit) throw new FailureError({ code: 'OPERATION_NOT_FINITE', message: told(culprit, bad.get(culprit)) });
    } finally {
      program.dispose();
    }
  }
}

function mayBeInfinite({ op, dtype, shape }: Expr): boolean {
  return dtype === 'float' && op !== 'constant' && sizeOf(shape) > 0;
}

/** Comparisons with NaN are false. Neither `x - x` nor the negation of a comparison, which engines rewrite as if there were no NaN. */
function countOf(value: Expr, backend: Backend['name']): Expr {
  const largest = backend === 'reference' ? Number.MAX_VALUE : 2 ** 128 - 2 ** 104;
  return sum(select(le(abs(value), constant(largest)), 0, 1));
}

/** Of the values that lead to an output through others that are not finite, the first, if it is not meant to be so. */
function firstCulprit(outputs: readonly Expr[], bad: ReadonlyMap<Expr, number>): Expr | undefined {
  const leading = new Set<Expr>();
  const open = outputs.filter((output) => bad.has(output));
  for (let value = open.pop(); value; value = open.pop()) {
    if (leading.has(value)) continue;
    leading.add(value);
    open.push(...value.inputs.filter((from) => bad.has(from)));
  }
  const inOrder = [...bad.keys()].filter((value) => leading.has(value));
  return inOrder.find((value) => !isMeant(value)) ?? inOrder[0];
}

function isMeant({ op, attrs, inputs }: Expr): boolean {
  const fill = op === 'pad' ? Number(attrs.value) : 0;
  const data = inputs.flatMap(({ value }) => (value?.dtype === 'float' ? Array.from(value.data) : []));
  return !Number.isFinite(fill) || !data.every(Number.isFinite);
}

function told(culprit: Expr, count = 0): string {
  const share = `${count.toLocaleString('en')} of ${sizeOf(culprit.shape).toLocaleString('en')} values`;
  if (culprit.op === 'input') {
    const name = String(culprit.attrs.name);
    return `It came in from outside the program: ${share} of its input \`${name}\` ${shaped(culprit.shape)} are not finite.`;
  }
  const origin = culprit.origin === undefined ? '' : `, built at ${shownOrigin(culprit.origin)}`;
  return `It came up in \`${culprit.op}\` of ${described(culprit.inputs)}${origin}: ${share} of its result ${shaped(culprit.shape)} are not finite.`;
}

function shaped(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}
