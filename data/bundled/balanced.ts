/** The balanced part of a split that is bundled: the first images of every class, in their official order. */
import { fail, ok, type Result } from '../../base/result.ts';
import type { Split } from '../data-set.ts';
import { indicesByClass } from '../normalise.ts';

export function firstOfEachClass(split: Split, classes: number, perClass: number): Result<Split> {
  const byClass = indicesByClass(split, classes);
  const short = byClass.findIndex((indices) => indices.length < perClass);
  if (short >= 0)
    return fail('DATA_EMPTY', `Class ${short} has ${byClass[short]?.length} images, expected at least ${perClass}.`);
  const chosen = byClass.flatMap((indices) => [...indices.subarray(0, perClass)]).sort((a, b) => a - b);
  const size = split.pixels.length / split.count;
  const pixels = new Uint8Array(chosen.length * size);
  for (const [to, from] of chosen.entries())
    pixels.set(split.pixels.subarray(from * size, (from + 1) * size), to * size);
  return ok({ count: chosen.length, pixels, labels: Uint8Array.from(chosen, (index) => split.labels[index] ?? 0) });
}
