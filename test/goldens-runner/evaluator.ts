/** What a golden method is evaluated by: it computes every output of a case, or says why it cannot. */
import type { Backend } from '../../tensor/backends/backend.ts';
import { compile } from '../../tensor/compile/compile.ts';
import type { Expr } from '../../tensor/expr.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { GoldenCase } from './case.ts';

export type Evaluated = { readonly computed: Readonly<Record<string, Tensor>> } | { readonly unsupported: string };

export type Evaluator = (golden: GoldenCase, backend: Backend) => Promise<Evaluated>;

/** Compiles and runs a graph once. */
export async function runOnce(
  backend: Backend,
  outputs: Readonly<Record<string, Expr>>,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const program = await compile(backend, outputs);
  return program.run(feeds);
}
