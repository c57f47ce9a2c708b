/** Views: each operation alone against indices, one draw for the batch and one an image. */
import { expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { openBackend } from '../../tensor/backends/open.ts';
import { compile } from '../../tensor/compile/compile.ts';
import { constant, type Expr, input } from '../../tensor/expr.ts';
import { floats, type Tensor } from '../../tensor/tensor.ts';
import { cutMix, cutMixBox, exactLambda } from './mix.ts';
import { type View, viewOf } from './view.ts';

const SHAPE = [2, 1, 4, 6];
const images = floats(
  Float32Array.from({ length: 48 }, (_, at) => at),
  SHAPE,
);
const of = (...values: number[]) => constant(floats(values));

async function evaluated(build: (x: Expr) => Expr): Promise<Tensor> {
  const backend = unwrap(await openBackend('reference', { threads: 1 }));
  const program = await compile(backend, { out: build(input('x', SHAPE)) });
  const { out } = await program.run({ x: images });
  program.dispose();
  return out as Tensor;
}
const seen = async (view: View) => Array.from((await evaluated((x) => viewOf(x, view))).data);
const pixel = (image: number, row: number, column: number) => image * 24 + row * 6 + column;
const every = (at: (image: number, row: number, column: number) => number) =>
  [0, 1].flatMap((n) => [0, 1, 2, 3].flatMap((i) => [0, 1, 2, 3, 4, 5].map((j) => at(n, i, j))));

it('rolls and mirrors by one draw or by one an image', async () => {
  expect(await seen({ roll: { rows: of(1), columns: of(-2) } })).toEqual(
    every((n, i, j) => pixel(n, (i + 3) % 4, (j + 2) % 6)),
  );
  expect(await seen({ mirrored: of(0, 1) })).toEqual(every((n, i, j) => pixel(n, i, n === 1 ? 5 - j : j)));
  expect(await seen({})).toEqual(every(pixel));
});

it('crops back to full size with the border repeated', async () => {
  const whole = { top: of(0), left: of(0), height: of(4), width: of(6) };
  expect(await seen({ crop: whole })).toEqual(every(pixel));
  const one = await seen({ crop: { top: of(2), left: of(3), height: of(1), width: of(1) } });
  expect(one).toEqual(every((n) => pixel(n, 2, 3)));
  // Twice as large: pixel centres at half numbers, so a quarter and three quarters alternate.
  const half = await seen({ crop: { top: of(0, 2), left: of(0, 0), height: of(2, 2), width: of(6, 6) } });
  expect([0, 1, 2, 3].map((row) => half[row * 6])).toEqual([0, 1.5, 4.5, 6]);
  expect([0, 1, 2, 3].map((row) => half[24 + row * 6])).toEqual([36, 37.5, 40.5, 42]);
});

it('pastes a box of another image', async () => {
  const box = cutMixBox(0.5, [0, 5], 4, 6);
  expect(box).toEqual([0, 3, 1, 6]);
  expect(exactLambda(box, 4, 6)).toBeCloseTo(1 - 3 / 24);
  const permutation = constant({ dtype: 'int', shape: [2], data: Int32Array.of(1, 0) });
  const corners = constant({ dtype: 'int', shape: [4], data: Int32Array.from(box) });
  const mixed = await evaluated((x) => cutMix(x, permutation, corners));
  expect(Array.from(mixed.data)).toEqual(every((n, i, j) => pixel(i < 1 && j >= 3 ? 1 - n : n, i, j)));
});
