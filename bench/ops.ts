/**
 * Each operation's share of the largest steps, and how far it is from the processor's limit: the next lever for speed
 * stands at the top.
 */
import { unwrap } from '../base/result.ts';
import { openBackend } from '../tensor/backends/open.ts';
import { compile } from '../tensor/compile/compile.ts';
import { type Benchmark, timed } from './benchmark.ts';
import { isolatedOps } from './ops/isolated.ts';
import { measuredLimit } from './ops/limit.ts';
import { onnxruntimeOps } from './ops/onnxruntime.ts';
import { listOps } from './ops/table.ts';
import { stepOf, WORKS } from './ops/works.ts';

export const ops: Benchmark = async ({ quick, threads, backend: name }, findings) => {
  const backend = unwrap(await openBackend(name, { threads }));
  let limit = await measuredLimit(backend, threads);
  const runs = quick ? 3 : 6;
  for (const work of WORKS) {
    const step = stepOf(work, backend);
    const program = await compile(backend, step.outputs);
    await timed(1, () => program.run(step.feeds));
    findings.figure(`${work.name} step`, Math.min(...(await timed(runs, () => program.run(step.feeds)))), 'ms');
    program.dispose();
    const found =
      name === 'onnxruntime' ? await onnxruntimeOps(step, threads, runs) : await isolatedOps(backend, step, runs);
    // Other work on the machine only lowers it: the best of what is seen counts.
    const again = await measuredLimit(backend, threads);
    limit = { flops: Math.max(limit.flops, again.flops), bytes: Math.max(limit.bytes, again.bytes) };
    findings.figure(`${name} sgemm`, limit.flops / 1e9, 'GFLOP/s');
    findings.figure('copy', limit.bytes / 1e9, 'GB/s read and written');
    listOps(work.name, found, limit, findings);
  }
};
