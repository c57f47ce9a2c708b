/**
 * Float arrays that programs write their results into, used again when nobody reads them any more: a trajectory's large
 * results would otherwise be fresh memory at every step, and lie about until the collector comes.
 */
import type { Expr } from '../../tensor/expr.ts';
import { floats, type Shape, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import type { Named } from './training-step.ts';

export class Buffers {
  /** By length. */
  readonly #free = new Map<number, Tensor[]>();
  /** What was handed out and not given back; only these come back. */
  readonly #out = new Set<ArrayBufferLike>();

  /** One for each float result of a graph. */
  for(graph: Named<Expr>): Record<string, Tensor> {
    return Object.fromEntries(
      Object.entries(graph).flatMap(([name, { shape, dtype }]) =>
        dtype === 'float' && sizeOf(shape) > 0 ? [[name, this.#take(shape)]] : [],
      ),
    );
  }

  /** Takes back what it has handed out; anything else is left to its owner. */
  give(tensors: Named<Tensor>): void {
    for (const tensor of Object.values(tensors)) {
      if (!this.#out.delete(tensor.data.buffer)) continue;
      const length = tensor.data.length;
      this.#free.set(length, [...(this.#free.get(length) ?? []), tensor]);
    }
  }

  /** Leaves these to whoever holds them. */
  leave(tensors: Named<Tensor>): void {
    for (const { data } of Object.values(tensors)) this.#out.delete(data.buffer);
  }

  #take(shape: Shape): Tensor {
    const length = sizeOf(shape);
    const data = this.#free.get(length)?.pop()?.data ?? new Float32Array(length);
    this.#out.add(data.buffer);
    return floats(data as Float32Array, shape);
  }
}
