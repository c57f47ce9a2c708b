/**
 * ZCA whitening as the matching papers take it from kornia: of images in [0, 1] without any other normalisation, z =
 * (x - μ) T with T = (Σ + eps)^-½ over all pixels and channels, fitted on training images alone. Its inverse gives
 * pictures back. Everything that lives in z-space (real, test and synthetic images) has to use one fit.
 */
import { fail, ok, type Result } from '../base/result.ts';
import type { Expr } from '../tensor/expr.ts';
import { GaussianFit } from '../tensor/linear-algebra/gaussian.ts';
import { definiteRoots, type Roots } from '../tensor/linear-algebra/large-roots.ts';
import type { Matrix } from '../tensor/linear-algebra/matrix.ts';
import type { Products } from '../tensor/linear-algebra/products.ts';
import { semidefiniteEigen, spectralFunction } from '../tensor/linear-algebra/roots.ts';
import { add, matmul, reshape, sub } from '../tensor/ops/index.ts';
import { floats, type Tensor } from '../tensor/tensor.ts';

/** Float32 tensors by these names, as a file holds them; D = channels · height · width, channel-major. */
export interface Zca {
  /** [1, D] */
  readonly mean: Tensor;
  /** [D, D] */
  readonly matrix: Tensor;
  /** [D, D] */
  readonly inverse: Tensor;
}

export interface ZcaOptions {
  /** Added to the variances: directions of less are damped, not blown up. */
  readonly eps?: number;
  /** Divides by the count less one. */
  readonly unbiased?: boolean;
  readonly products: Products;
}

/** Over so many pixels eigenvalues take longer than products. */
const LARGE = 400;

/** `batches` of images [N, …] in [0, 1], each read once. */
export async function fitZca(
  batches: Iterable<Tensor> | AsyncIterable<Tensor>,
  { eps = 0.1, unbiased = true, products }: ZcaOptions,
): Promise<Result<Zca>> {
  if (!(eps >= 0)) {
    return fail('ZCA_EPSILON', `ZCA needs an epsilon of at least 0, got ${eps}`, {
      help: 'Use 0.1, as the papers do.',
    });
  }
  const fit = new GaussianFit(products);
  for await (const batch of batches) {
    const added = await fit.add(batch);
    if (!added.ok) return added;
  }
  const gaussian = fit.finish({ unbiased, what: 'the images' });
  if (!gaussian.ok) return gaussian;
  const { mean, covariance } = gaussian.value;
  const roots =
    eps > 0 && covariance.rows > LARGE ? await largeRoots(covariance, eps, products) : smallRoots(covariance, eps);
  if (!roots.ok) return roots;
  const single = ({ rows, columns, data }: Matrix) => floats(Float32Array.from(data), [rows, columns]);
  return ok({
    mean: floats(Float32Array.from(mean), [1, mean.length]),
    matrix: single(roots.value.inverse),
    inverse: single(roots.value.root),
  });
}

function smallRoots(covariance: Matrix, eps: number): Result<Roots> {
  const eigen = semidefiniteEigen(covariance, 'the covariance of the images');
  if (!eigen.ok) return eigen;
  const { values } = eigen.value;
  if ((values[0] ?? 0) + eps <= Number.EPSILON * (values.at(-1) ?? 0)) {
    return fail('MATRIX_SINGULAR', `The images do not vary in every direction`, {
      help: 'Give ZCA an epsilon over 0.',
    });
  }
  const root = spectralFunction(eigen.value, (value) => Math.sqrt(value + eps));
  return ok({ root, inverse: spectralFunction(eigen.value, (value) => 1 / Math.sqrt(value + eps)) });
}

function largeRoots({ rows, columns, data }: Matrix, eps: number, products: Products): Promise<Result<Roots>> {
  const raised = Float64Array.from(data);
  for (let at = 0; at < raised.length; at += columns + 1) raised[at]! += eps;
  return definiteRoots({ rows, columns, data: raised }, { least: eps, products, what: 'the covariance of the images' });
}

/** The `Zca` that a file's tensors hold. */
export function zcaOf(tensors: Readonly<Record<string, Tensor>>): Result<Zca> {
  const { mean, matrix, inverse } = tensors;
  const size = mean?.shape[1] ?? 0;
  const square = (tensor: Tensor | undefined) => tensor?.dtype === 'float' && tensor.shape.join() === `${size},${size}`;
  if (!mean || !matrix || !inverse || mean.shape.join() !== `1,${size}` || !square(matrix) || !square(inverse)) {
    return fail('ZCA_DAMAGED', 'Expected the tensors mean [1, D], matrix [D, D] and inverse [D, D] of a ZCA fit');
  }
  return ok({ mean, matrix, inverse });
}

/** Images [N, …] in [0, 1] → z, in their shape. */
export function whiten(images: Expr, { mean, matrix }: { mean: Expr; matrix: Expr }): Expr {
  return reshape(matmul(sub(asRows(images), mean), matrix), images.shape);
}

/** z [N, …] → images in [0, 1], as far as z is one of such images. */
export function unwhiten(z: Expr, { mean, inverse }: { mean: Expr; inverse: Expr }): Expr {
  return reshape(add(matmul(asRows(z), inverse), mean), z.shape);
}

function asRows(images: Expr): Expr {
  return reshape(images, [images.shape[0] ?? 0, images.shape.slice(1).reduce((size, extent) => size * extent, 1)]);
}
