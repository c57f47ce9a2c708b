import { expect, it } from 'vitest';
import { unwrap } from '../base/result.ts';
import { openReference } from '../tensor/backends/reference/backend.ts';
import { constant } from '../tensor/expr.ts';
import { openProducts } from '../tensor/linear-algebra/products.ts';
import { sub } from '../tensor/ops/index.ts';
import { floats, type Tensor } from '../tensor/tensor.ts';
import { fitZca, unwhiten, whiten, zcaOf } from './zca.ts';

/** Images [count, 1, height, width] in [0, 1] whose neighbours are alike. */
function images(count: number, height: number, width: number): Tensor {
  const data = Float32Array.from({ length: count * height * width }, (_, index) => {
    const image = Math.floor(index / (height * width));
    return 0.5 + 0.3 * Math.sin(image * 1.7 + index * 0.05) + 0.15 * Math.sin(index * index * 0.91);
  });
  return floats(data, [count, 1, height, width]);
}

const products = unwrap(await openProducts(1));

it('fits the same on one batch and on several, and gives pictures back', async () => {
  const all = images(30, 4, 5);
  const batch = (from: number, to: number) => floats(all.data.slice(from * 20, to * 20), [to - from, 1, 4, 5]);
  const whole = unwrap(await fitZca([all], { products }));
  const parts = unwrap(await fitZca([batch(0, 7), batch(7, 8), batch(8, 30)], { products }));
  for (const name of ['mean', 'matrix', 'inverse'] as const) {
    expect(parts[name].shape).toEqual(whole[name].shape);
    const apart = parts[name].data.map((value, index) => value - (whole[name].data[index] ?? 0));
    expect(Math.max(...apart.map(Math.abs))).toBeLessThan(1e-6);
  }
  const values = { mean: constant(whole.mean), matrix: constant(whole.matrix), inverse: constant(whole.inverse) };
  const error = sub(unwhiten(whiten(constant(all), values), values), constant(all));
  const program = await openReference().prepare({ outputs: { error } });
  const { error: found } = await program.run({});
  expect(found?.shape).toEqual([30, 1, 4, 5]);
  expect(Math.max(...Array.from(found?.data ?? [Number.NaN], Math.abs))).toBeLessThan(1e-5);
  expect(zcaOf({ ...whole })).toEqual({ ok: true, value: whole });
});

it('fits images of many pixels, where roots come from products', async () => {
  const zca = unwrap(await fitZca([images(50, 20, 21)], { products }));
  const size = 420;
  let worst = 0;
  for (let row = 0; row < size; row += 37) {
    for (let column = 0; column < size; column++) {
      let total = 0;
      for (let k = 0; k < size; k++) {
        total += (zca.matrix.data[row * size + k] ?? 0) * (zca.inverse.data[k * size + column] ?? 0);
      }
      worst = Math.max(worst, Math.abs(total - (row === column ? 1 : 0)));
    }
  }
  expect(worst).toBeLessThan(1e-5);
});

it('says what it cannot fit', async () => {
  const codeOf = async (batches: Tensor[], eps = 0.1) => {
    const fitted = await fitZca(batches, { eps, products });
    return fitted.ok ? 'none' : `${fitted.error.code}: ${fitted.error.message}`;
  };
  expect([
    await codeOf([images(3, 2, 2)], -1),
    await codeOf([images(3, 2, 2)], 0),
    await codeOf([]),
    await codeOf([images(1, 2, 2)]),
    await codeOf([images(3, 2, 2), images(3, 2, 3)]),
    await codeOf([floats([Number.NaN, 1], [2, 1])]),
  ]).toMatchInlineSnapshot(`
    [
      "ZCA_EPSILON: ZCA needs an epsilon of at least 0, got -1",
      "MATRIX_SINGULAR: The images do not vary in every direction",
      "MATRIX_SHAPE: A covariance of the images needs at least 2 of them, got 0",
      "MATRIX_SHAPE: A covariance of the images needs at least 2 of them, got 1",
      "MATRIX_SHAPE: Expected rows of 4 numbers, got 6",
      "MATRIX_NOT_FINITE: Expected the covariance of the images to hold finite numbers, got NaN at (0, 0)",
    ]
  `);
  expect(zcaOf({ mean: floats([1, 2], [1, 2]) })).toMatchObject({ ok: false, error: { code: 'ZCA_DAMAGED' } });
});
