/** ZCA: the fit on `x`, and both ways of `x` and of images it has not seen. */
import { unwrap } from '../../../base/result.ts';
import { fitZca, unwhiten, whiten } from '../../../data/zca.ts';
import { constant, input } from '../../../tensor/expr.ts';
import { openProducts } from '../../../tensor/linear-algebra/products.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { type Evaluator, runOnce } from '../evaluator.ts';

export const zca: Evaluator = async ({ params, inputs }, backend) => {
  const { x, x_test: test } = inputs as { x: Tensor; x_test: Tensor };
  const products = unwrap(await openProducts(2));
  const { eps, unbiased } = params as { eps: number; unbiased: boolean };
  const fitted = unwrap(await fitZca([x], { eps, unbiased, products }));
  products.close();
  const { mean, matrix, inverse } = fitted;
  const values = { mean: constant(mean), matrix: constant(matrix), inverse: constant(inverse) };
  const [whitened, whitenedTest] = [x, test].map(({ shape }, index) =>
    whiten(input(index === 0 ? 'x' : 'x_test', shape), values),
  );
  if (!whitened || !whitenedTest) throw new Error('Internal error: expected two expressions');
  const computed = await runOnce(
    backend,
    {
      whitened,
      whitened_test: whitenedTest,
      inverse: unwhiten(whitened, values),
      inverse_test: unwhiten(whitenedTest, values),
    },
    inputs,
  );
  return { computed: { ...computed, mean, matrix, matrix_inv: inverse } };
};
