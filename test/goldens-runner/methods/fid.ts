/** FID: distances between given Gaussians and between those of features. */
import { unwrap } from '../../../base/result.ts';
import { frechetDistance, type Gaussian, GaussianFit } from '../../../tensor/linear-algebra/gaussian.ts';
import { matrixOf } from '../../../tensor/linear-algebra/matrix.ts';
import { openProducts } from '../../../tensor/linear-algebra/products.ts';
import { floats, scalar, type Tensor } from '../../../tensor/tensor.ts';
import type { Evaluator } from '../evaluator.ts';

export const fid: Evaluator = async ({ inputs }) => {
  const products = unwrap(await openProducts(2));
  const given = (index: 1 | 2): Gaussian => ({
    mean: Float64Array.from(inputs[`mu${index}`]?.data ?? []),
    covariance: unwrap(matrixOf(inputs[`sigma${index}`] as Tensor)),
  });
  const fitted = async (name: string): Promise<Gaussian> => {
    const fit = new GaussianFit(products);
    unwrap(await fit.add(inputs[name] as Tensor));
    return unwrap(fit.finish());
  };
  const distance = async (a: Gaussian, b: Gaussian) => scalar(unwrap(await frechetDistance(a, b, products)));
  const [first, second, few] = [await fitted('feat1'), await fitted('feat2'), await fitted('feat3')];
  const moments = (name: string, { mean, covariance }: Gaussian) => ({
    [`${name}.mean`]: floats(mean, [mean.length]),
    [`${name}.cov`]: floats(covariance.data, [covariance.rows, covariance.columns]),
  });
  const computed = {
    'fid.gaussians': await distance(given(1), given(2)),
    'fid.features': await distance(first, second),
    'fid.singular': await distance(first, few),
    'fid.self': await distance(first, first),
    ...moments('feat1', first),
    ...moments('feat2', second),
  };
  products.close();
  return { computed };
};
