/**
 * A backend turns a compiled graph into something that runs. It knows ops and shapes, nothing of methods.
 * The reference implementation, slow and obviously correct, is `reference/`.
 */
import type { Expr } from '../expr.ts';
import type { Tensor } from '../tensor.ts';

export type BackendName = 'reference' | 'tensorflow' | 'onnxruntime' | 'onnxruntime:webgpu' | 'onnxruntime:cuda';

export interface Backend {
  readonly name: BackendName;
  /** Versions and settings that can move a bit: part of a cache key's `numerics`. */
  readonly numerics: Readonly<Record<string, string | number>>;
  /** `graph` is already optimised; inputs are the `input` leaves, by name. */
  prepare(graph: Graph): Promise<Program>;
}

export interface Graph {
  readonly outputs: Readonly<Record<string, Expr>>;
}

export interface BackendOptions {
  /** Native threads of one program run. */
  readonly threads: number;
}

/** Feeds must hold every input of the graph by name, in its shape; results come by output name. */
export interface Program {
  readonly inputs: Readonly<Record<string, { shape: readonly number[]; dtype: string }>>;
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  dispose(): void;
}
