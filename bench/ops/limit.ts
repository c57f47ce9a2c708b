/** What the processor can do, measured beside the operations: products of large matrices, and copies of large arrays. */
import { Worker } from 'node:worker_threads';
import type { Backend } from '../../tensor/backends/backend.ts';
import { compile } from '../../tensor/compile/compile.ts';
import { input } from '../../tensor/expr.ts';
import { matmul, sum } from '../../tensor/ops/index.ts';
import { floats } from '../../tensor/tensor.ts';
import { timed } from '../benchmark.ts';

export interface Limit {
  /** Floating-point operations in a second. */
  readonly flops: number;
  /** Bytes read and written in a second. */
  readonly bytes: number;
}

export async function measuredLimit(backend: Backend, threads: number): Promise<Limit> {
  const size = 2048;
  const x = input('x', [size, size]);
  const program = await compile(backend, { y: sum(matmul(matmul(x, x), x)) });
  const feeds = { x: floats(new Float32Array(size * size).fill(1e-3), [size, size]) };
  const times = await timed(4, () => program.run(feeds));
  program.dispose();
  return { flops: (4 * size ** 3) / (Math.min(...times.slice(1)) / 1000), bytes: await copyRate(threads) };
}

/** Every thread copies a share of its own, far larger than any cache. */
async function copyRate(threads: number): Promise<number> {
  const share = 2 ** 24;
  const rates = await Promise.all(
    Array.from(
      { length: threads },
      () =>
        new Promise<number>((settle, reject) => {
          const worker = new Worker(COPIER, { eval: true, workerData: share });
          worker.once('message', settle).once('error', reject);
        }),
    ),
  );
  return rates.reduce((total, rate) => total + rate, 0);
}

const COPIER = `
  const { parentPort, workerData: share } = require('node:worker_threads');
  const [from, to] = [new Float32Array(share).fill(1), new Float32Array(share)];
  to.set(from);
  const start = performance.now();
  for (let round = 0; round < 8; round++) to.set(from);
  parentPort.postMessage((8 * 2 * 4 * share) / ((performance.now() - start) / 1000));
`;
