/** Programs of a stage, each compiled when it is first needed and kept until the stage closes. */
import type { Backend, Program } from '../tensor/backends/backend.ts';
import { compile } from '../tensor/compile/compile.ts';
import type { Expr } from '../tensor/expr.ts';

export interface Programs {
  /** Equal names must mean equal graphs. */
  get(name: string, build: () => Record<string, Expr>): Promise<Program>;
  close(): void;
}

export function programs(backend: Backend): Programs {
  const known = new Map<string, Promise<Program>>();
  return {
    get(name, build) {
      const program = known.get(name) ?? compile(backend, build());
      known.set(name, program);
      return program;
    },
    close() {
      // One that did not compile has told so where it was asked for.
      for (const program of known.values())
        void program.then(
          (opened) => opened.dispose(),
          () => {},
        );
      known.clear();
    },
  };
}
