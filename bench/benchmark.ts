/** What a benchmark is given, what it prints through, and how repeated timings become one figure. */

export interface BenchmarkOptions {
  /** Fewer repetitions. */
  readonly quick: boolean;
  /** Native threads, the same on both sides. */
  readonly threads: number;
  readonly backend: string;
  /** Only works whose name has this in it, where a benchmark has several. */
  readonly only?: string;
  /** Bytes of activations that the steps of a trajectory may keep. */
  readonly keepActivations?: number;
}

export interface Findings {
  figure(name: string, value: number, unit: string): void;
  /** Ours over theirs. */
  ratio(name: string, value: number): void;
  note(text: string): void;
}

export type Benchmark = (options: BenchmarkOptions, findings: Findings) => Promise<void>;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) throw new Error('Internal error: expected timings');
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** Milliseconds of each of `count` calls. */
export async function timed(count: number, call: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  return times;
}
