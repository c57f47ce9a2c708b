import { expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { openBackend } from '../backends/open.ts';
import { type Expr, input } from '../expr.ts';
import { gradient } from '../gradient.ts';
import { add, inverseDeviation, mul, normalize, square, sum } from '../ops/index.ts';
import { randomStream } from '../random/stream.ts';
import { floats, sizeOf, type Tensor } from '../tensor.ts';
import { inTopologicalOrder } from '../topological.ts';
import { compile } from './compile.ts';
import { optimise } from './optimise.ts';

const x = input('x', [4, 3, 8, 8]);
const BATCH = { axes: [0, 2, 3], eps: 1e-5 };

function operations(outputs: Readonly<Record<string, Expr>>): string[] {
  return inTopologicalOrder(Object.values(optimise(outputs))).map(({ op }) => op);
}

function drawn(shape: readonly number[], mean: number): Tensor {
  const normal = randomStream({ base: 1 }, 'written-out').normal(0, sizeOf(shape));
  return floats(
    Float32Array.from(normal, (value) => mean + value),
    [...shape],
  );
}

it('leaves rows that lie side by side to the backends', () => {
  const rows = { axes: [2, 3], eps: 1e-5 };
  const found = operations({ y: normalize(x, rows), r: inverseDeviation(x, rows) });
  expect(found).toEqual(['input', 'normalize', 'inverseDeviation']);
});

it('of a batch norm makes nothing as large as the images but what is centred and the result', () => {
  const large = input('x', [64, 32, 16, 16]);
  const [scale, shift] = [input('scale', [1, 32, 1, 1]), input('shift', [1, 32, 1, 1])];
  const { y } = optimise({ y: add(mul(normalize(large, BATCH), scale), shift) });
  const made = inTopologicalOrder([y as Expr]).filter(({ shape }) => shape.join() === large.shape.join());
  // Backends sum the square (the first `mul`) where they make it.
  expect(made.map(({ op }) => op)).toEqual(['input', 'sub', 'mul', 'mul', 'add']);
});

it('keeps its digits where the mean is large beside the deviation', async () => {
  const y = normalize(x, BATCH);
  const [slope] = gradient(sum(mul(square(y), input('g', x.shape))), [x]) as [Expr];
  const values = { x: drawn(x.shape, 1000), g: drawn(x.shape, 0) };
  const [wanted, found] = await Promise.all(
    ['reference', 'onnxruntime'].map(async (name) => {
      const backend = unwrap(await openBackend(name, { threads: 1 }));
      const program = await compile(backend, { y, slope });
      const made = await program.run(values);
      program.dispose();
      return made;
    }),
  );
  for (const output of ['y', 'slope'])
    for (const [at, value] of wanted![output]!.data.entries()) expect(found![output]!.data[at]).toBeCloseTo(value, 3);
});
