/**
 * A graph → a program of a backend: optimised, then handed over. Programs are cached by the structure of the graph, for
 * each backend; one that several users share is disposed of with the last of them.
 */
import type { Backend, Program } from '../backends/backend.ts';
import type { Expr } from '../expr.ts';
import { optimise } from './optimise.ts';
import { structureDigest } from './structure.ts';

interface Shared {
  readonly program: Promise<Program>;
  users: number;
}

const caches = new WeakMap<Backend, Map<string, Shared>>();

export async function compile(backend: Backend, outputs: Readonly<Record<string, Expr>>): Promise<Program> {
  const optimised = optimise(outputs);
  const digest = structureDigest(optimised);
  const cache = caches.get(backend) ?? new Map<string, Shared>();
  caches.set(backend, cache);
  const shared = cache.get(digest) ?? { program: backend.prepare({ outputs: optimised }), users: 0 };
  cache.set(digest, shared);
  shared.users++;
  try {
    return new SharedProgram(await shared.program, () => {
      shared.users--;
      if (shared.users > 0) return false;
      cache.delete(digest);
      return true;
    });
  } catch (error) {
    cache.delete(digest);
    throw error;
  }
}

class SharedProgram implements Program {
  readonly inputs: Program['inputs'];
  readonly #program: Program;
  /** Whether this was the last user. */
  readonly #release: () => boolean;
  #disposed = false;

  constructor(program: Program, release: () => boolean) {
    this.inputs = program.inputs;
    this.#program = program;
    this.#release = release;
  }

  run(feeds: Parameters<Program['run']>[0]): ReturnType<Program['run']> {
    if (this.#disposed) throw new Error('Internal error: expected a program to run before it is disposed of');
    return this.#program.run(feeds);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.#release()) this.#program.dispose();
  }
}
