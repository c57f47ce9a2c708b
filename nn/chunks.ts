/** A batch cut along its first axis, so that what is computed of it at a time stays in the processor's cache, or in memory. */
import type { Expr } from '../tensor/expr.ts';
import { add, mul, slice } from '../tensor/ops/index.ts';

export interface Chunk {
  readonly length: number;
  /** Of the whole batch: the weight of the chunk's mean in the batch's. */
  readonly share: number;
  /** The chunk's rows of an array of the batch. */
  of(whole: Expr): Expr;
}

/** The mean over `count` rows from the means over chunks of at most `most`; of a single chunk that mean as it is. */
export function meanOverChunks(count: number, most: number, meanOf: (chunk: Chunk) => Expr): Expr {
  const [first, ...rest] = chunksOf(count, most).map((chunk) => ({ mean: meanOf(chunk), share: chunk.share }));
  if (!first) throw new Error('Nothing has no mean');
  if (rest.length === 0) return first.mean;
  return rest.reduce((sum, { mean, share }) => add(sum, mul(mean, share)), mul(first.mean, first.share));
}

/** Chunks of `count` rows, at most `most` each and as equal as they can be. */
export function chunksOf(count: number, most: number): Chunk[] {
  const size = Math.ceil(count / Math.ceil(count / most));
  return Array.from({ length: Math.ceil(count / size) }, (_, index) => {
    const start = index * size;
    const length = Math.min(size, count - start);
    return {
      length,
      share: length / count,
      of: (whole) => {
        if (length === count) return whole;
        const [, ...row] = whole.shape;
        return slice(whole, { starts: [start, ...row.map(() => 0)], sizes: [length, ...row] });
      },
    };
  });
}
