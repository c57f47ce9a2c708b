/**
 * Whether the number of threads moves a bit, of operations at sizes that engines share among threads. Either way a
 * program repeats its own bits on its own number of threads. An empty list is no proof, as these are neither all sizes
 * nor all processors: threads stay in the keys of results on every backend.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../base/package-root.ts';
import type { BackendName } from './backend.ts';
import { openNatives } from './conformance/natives.ts';
import type { threadDigests } from './conformance/thread-cases.ts';

type Digests = Awaited<ReturnType<typeof threadDigests>>;

/** Operations seen to depend on the number of threads, on 1 to 4 of them; any other that does is a surprise. */
const MOVED_BY_THREADS: Readonly<Partial<Record<BackendName, readonly string[]>>> = {
  onnxruntime: [],
  // Eigen splits sums of products into blocks, by the number of threads. On two threads only the first one moves.
  tensorflow: [
    'matmul to one row',
    'matmul',
    'matmul in batches',
    'conv2dInputGrad, strides',
    'conv2dFilterGrad',
    'conv2dFilterGrad, strides',
  ],
  reference: [],
};

const CHILD = join(packageRoot(), 'dist/tensor/backends/conformance/thread-child.js');

/** In a process of its own, since TensorFlow takes its threads once a process. */
function digestsWith(name: BackendName, threads: number, times: number): Digests {
  const output = execFileSync(process.execPath, [CHILD, name, String(threads), String(times)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return JSON.parse(output) as Digests;
}

describe.each(await openNatives(1))('%s', (_title, backend) => {
  if (!backend) {
    it.skip('(so not tested here)');
    return;
  }

  it('repeats its bits on one and two threads, and gives the same on both but where it is known', () => {
    const [alone = {}, ...aloneAgain] = digestsWith(backend.name, 1, 2);
    const [shared = {}, ...sharedAgain] = digestsWith(backend.name, 2, 3);
    for (const again of aloneAgain) expect(again).toEqual(alone);
    for (const again of sharedAgain) expect(again).toEqual(shared);
    const moved = Object.keys(alone).filter((name) => alone[name] !== shared[name]);
    expect(moved.filter((name) => !MOVED_BY_THREADS[backend.name]?.includes(name))).toEqual([]);
  });
});
