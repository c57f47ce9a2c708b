/**
 * Streams of random numbers without state: every draw is a function of (seed, name of the stream, step, index). The key is
 * taken from the SHA-256 of seed and name; the counter is (block of the index, kind of draw, step low, step high), so that
 * ranges of indices, steps and kinds never meet, and the first ten of a thousand are the ten.
 */
import { createHash } from 'node:crypto';
import { philoxInto } from './philox.ts';

/** What a stage's seed is made of; replicates on which it does not draw are absent. */
export interface StreamSeed {
  readonly base: number;
  readonly set?: number;
  readonly evaluation?: number;
}

export interface RandomStream {
  /** In [0, 1), 32 random bits each. */
  uniform(step: number, count: number): Float64Array;
  /** Standard normal, by Box and Muller. */
  normal(step: number, count: number): Float64Array;
  /** Whole numbers in [0, bound). */
  integers(step: number, count: number, bound: number): Int32Array;
  /** 0 … n - 1 in random order. */
  permutation(step: number, n: number): Int32Array;
  /** `k` distinct ones of 0 … n - 1, in the order drawn. */
  choose(step: number, n: number, k: number): Int32Array;
}

/** Which kind of draw a counter belongs to. */
const UNIFORM = 0;
const NORMAL = 1;
const ORDER = 2;

export function randomStream(seed: StreamSeed, name: string): RandomStream {
  const key = keyOf(seed, name);
  const words = (kind: number, step: number, count: number) => drawWords(key, kind, step, count);
  return {
    uniform: (step, count) => Float64Array.from(words(UNIFORM, step, count), (word) => word / 2 ** 32),
    normal: (step, count) => normals(words(NORMAL, step, count + (count & 1)), count),
    integers: (step, count, bound) =>
      Int32Array.from(words(UNIFORM, step, count), (word) => Math.floor((word / 2 ** 32) * bound)),
    permutation: (step, n) => chosen(words(ORDER, step, n), n),
    choose(step, n, k) {
      if (k > n) throw new Error(`Expected at most ${n} of ${n} to be chosen, got ${k}`);
      return chosen(words(ORDER, step, k), n);
    },
  };
}

function keyOf({ base, set, evaluation }: StreamSeed, name: string): readonly [number, number] {
  const text = JSON.stringify([base, set ?? null, evaluation ?? null, name]);
  const digest = createHash('sha256').update(text).digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
}

function drawWords(key: readonly [number, number], kind: number, step: number, count: number): Uint32Array {
  if (!Number.isSafeInteger(step) || step < 0) throw new Error(`Expected a step from 0, got ${step}`);
  const blocks = Math.ceil(count / 4);
  const words = new Uint32Array(blocks * 4);
  const [low, high] = [step >>> 0, Math.floor(step / 2 ** 32)];
  for (let block = 0; block < blocks; block++) philoxInto(words, block * 4, [block, kind, low, high], key);
  return words.subarray(0, count);
}

/** Pairs of words → pairs of normals; a uniform of 0 would have no logarithm, so half a unit is added. */
function normals(words: Uint32Array, count: number): Float64Array {
  const values = new Float64Array(words.length);
  for (let index = 0; index < words.length; index += 2) {
    const radius = Math.sqrt(-2 * Math.log(((words[index] as number) + 0.5) / 2 ** 32));
    const angle = (2 * Math.PI * (words[index + 1] as number)) / 2 ** 32;
    values[index] = radius * Math.cos(angle);
    values[index + 1] = radius * Math.sin(angle);
  }
  return values.subarray(0, count);
}

/** The beginning of Fisher and Yates' shuffle of 0 … n - 1, one word a place; only touched places are remembered. */
function chosen(words: Uint32Array, n: number): Int32Array {
  const moved = new Map<number, number>();
  return Int32Array.from(words, (word, place) => {
    const from = place + Math.floor((word / 2 ** 32) * (n - place));
    const value = moved.get(from) ?? from;
    moved.set(from, moved.get(place) ?? place);
    return value;
  });
}
