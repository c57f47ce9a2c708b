/** Each node's time inside a step, from onnxruntime's own profiler; the first run, which allocates, is left out. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unwrap } from '../../base/result.ts';
import { blockSize } from '../../tensor/backends/onnxruntime/block-size.ts';
import { emitGraph } from '../../tensor/backends/onnxruntime/emit/graph.ts';
import { encodeModel } from '../../tensor/backends/onnxruntime/model.ts';
import { loadRuntime, sessionOptions } from '../../tensor/backends/onnxruntime/session.ts';
import { optimise } from '../../tensor/compile/optimise.ts';
import { asFloat32, type Shape, sizeOf } from '../../tensor/tensor.ts';
import { bytesOf, convolutionFlops, productFlops } from './cost.ts';
import type { OpTime } from './table.ts';
import { summed } from './table.ts';
import type { Step } from './works.ts';

interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args: {
    readonly op_name?: string;
    readonly input_type_shape?: readonly Readonly<Record<string, Shape>>[];
    readonly output_type_shape?: readonly Readonly<Record<string, Shape>>[];
  };
}

export async function onnxruntimeOps({ outputs, feeds }: Step, threads: number, runs: number): Promise<OpTime[]> {
  const runtime = unwrap(await loadRuntime());
  const { model, inputs } = emitGraph({ outputs: optimise(outputs) }, await blockSize(runtime));
  const folder = mkdtempSync(join(tmpdir(), 'retort-profile-'));
  try {
    const session = await runtime.InferenceSession.create(encodeModel(model), {
      ...sessionOptions(threads),
      enableProfiling: true,
      profileFilePrefix: join(folder, 'ops'),
    });
    const fed = Object.fromEntries(
      Object.entries(inputs).flatMap(([name, { value }]) => {
        const tensor = feeds[name];
        if (value === undefined || !tensor) return [];
        const { shape, data } = tensor;
        const isFloat = tensor.dtype === 'float';
        return [
          [
            value,
            isFloat
              ? new runtime.Tensor('float32', asFloat32(tensor), shape)
              : new runtime.Tensor('int32', data as Int32Array, shape),
          ],
        ];
      }),
    );
    for (let run = 0; run <= runs; run++) await session.run(fed);
    session.endProfiling();
    await session.release();
    const [file = ''] = readdirSync(folder);
    return opsOf(JSON.parse(readFileSync(join(folder, file), 'utf8')) as ProfileEvent[]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of each node its quickest run: other work on the machine only adds. */
function opsOf(events: readonly ProfileEvent[]): OpTime[] {
  const best = new Map<string, ProfileEvent>();
  const warm = new Set<string>();
  for (const event of events) {
    if (event.cat !== 'Node' || !event.name.endsWith('_kernel_time')) continue;
    if (!warm.has(event.name)) {
      warm.add(event.name);
      continue;
    }
    const before = best.get(event.name);
    if (!before || event.dur < before.dur) best.set(event.name, event);
  }
  const shapesOf = (of: ProfileEvent['args']['input_type_shape']) => (of ?? []).flatMap((one) => Object.values(one));
  return summed(
    [...best.values()].map(({ name, dur, args }) => {
      const [ins, outs] = [shapesOf(args.input_type_shape), shapesOf(args.output_type_shape)];
      const op = args.op_name ?? name;
      const what = `${op} ${ins.map((shape) => `[${shape.join(',')}]`).join(' ')}`;
      return { what, count: 1, ms: dur / 1000, flops: flopsOf(op, ins, outs), bytes: bytesMoved(op, ins, outs) };
    }),
  );
}

function flopsOf(op: string, ins: readonly Shape[], [out = []]: readonly Shape[]): number {
  const [first = [], second = []] = ins;
  if (op === 'Conv' || op === 'FusedConv') return convolutionFlops(sizeOf(out), second);
  if (op === 'ConvTranspose') return convolutionFlops(sizeOf(first), [first[1] ?? 1, ...second.slice(1)]);
  if (['MatMul', 'FusedMatMul', 'Gemm'].includes(op)) return productFlops(first, out);
  return 0;
}

/** A reshape moves nothing. */
function bytesMoved(op: string, ins: readonly Shape[], outs: readonly Shape[]): number {
  return ['Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Shape'].includes(op) ? 0 : bytesOf([...ins, ...outs]);
}
