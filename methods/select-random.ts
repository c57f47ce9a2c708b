/** Random selection: the baseline that every distilled set is held against, and the usual start of matching. */

/** The part of a random stream that this needs; `tensor/random/stream.ts` gives it. */
export interface ChoiceStream {
  /** `k` different numbers below `n`, in the order of their drawing. */
  choose(step: number, n: number, k: number): Int32Array;
}

/** `count` different images of each class, class after class. The first of 50 are the 10 that a draw of 10 gives. */
export function randomOfEachClass(stream: ChoiceStream, byClass: readonly Int32Array[], count: number): number[] {
  return byClass.flatMap((indices, label) =>
    Array.from(stream.choose(label, indices.length, count), (position) => indices[position] ?? -1),
  );
}
