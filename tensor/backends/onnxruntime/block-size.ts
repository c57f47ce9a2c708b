/**
 * How many channels the runtime's blocked layout holds together: 16 with AVX-512, else 8, on some processors none. The
 * runtime does not tell, so a small convolution in each size is compared with the same one row-major. Only the filters'
 * order depends on the size, so that a wrong guess gives wrong numbers and harms nothing else.
 */
import { GraphBuilder } from './builder.ts';
import { convolve } from './emit/convolve.ts';
import { encodeModel } from './model.ts';
import { type Runtime, sessionOptions } from './session.ts';

const CHANNELS = 16;
const IMAGES = [1, CHANNELS, 4, 4];
const FILTERS = [CHANNELS, CHANNELS, 3, 3];
const PLAIN = { strides: [1, 1], padding: [1, 1, 1, 1], dilations: [1, 1], groups: 1 } as const;

let known: Promise<number | undefined> | undefined;

/** Undefined where the runtime has no blocked layout. */
export function blockSize(runtime: Runtime): Promise<number | undefined> {
  known ??= findBlockSize(runtime);
  return known;
}

async function findBlockSize(runtime: Runtime): Promise<number | undefined> {
  const wanted = await probe(runtime, undefined);
  for (const block of [16, 8]) {
    const found = await probe(runtime, block).catch(() => undefined);
    if (found?.every((value, index) => Math.abs(value - (wanted[index] ?? 0)) < 1e-4)) return block;
  }
  return undefined;
}

/** The result of the small convolution; throws where the layout does not exist. */
async function probe(runtime: Runtime, block: number | undefined): Promise<Float32Array> {
  const graph = new GraphBuilder(block);
  const images = graph.input('images', 'float', IMAGES);
  const filters = graph.input('filters', 'float', FILTERS);
  const result = convolve(graph, { images, filters, filterShape: FILTERS, attributes: PLAIN, shape: IMAGES });
  graph.output('result', result, 'float', IMAGES);
  const session = await runtime.InferenceSession.create(encodeModel(graph.finish()), sessionOptions(1));
  const irregular = (shape: readonly number[], factor: number) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return new runtime.Tensor(
      'float32',
      Float32Array.from({ length: size }, (_, index) => Math.sin(factor * index)),
      shape,
    );
  };
  const results = await session.run({ [images]: irregular(IMAGES, 0.7), [filters]: irregular(FILTERS, 1.3) });
  await session.release();
  return results.out_result?.data as Float32Array;
}
