/**
 * Mean and covariance of rows that come in batches, and the Fréchet distance between two such Gaussians (FID, Heusel et
 * al. 2017). Rows are taken relative to the first batch's mean, so that one pass in float64 loses nothing to a large mean.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import type { Tensor } from '../tensor.ts';
import { type Matrix, requireSymmetric } from './matrix.ts';
import type { Products } from './products.ts';
import { semidefiniteEigen, squareRoot } from './roots.ts';

export interface Gaussian {
  readonly mean: Float64Array;
  readonly covariance: Matrix;
}

export class GaussianFit {
  readonly #products: Products;
  #count = 0;
  #shift: Float64Array | undefined;
  /** Sum of the shifted rows, and of their outer products. */
  #sum = new Float64Array(0);
  #outer = new Float64Array(0);

  constructor(products: Products) {
    this.#products = products;
  }

  /** Rows [N, …]; what follows the first axis is one vector. */
  async add(rows: Tensor): Promise<Result<void>> {
    const count = rows.shape[0] ?? 0;
    const size = count === 0 ? 0 : rows.data.length / count;
    if (count === 0) return ok(undefined);
    const shift = this.#shift ?? columnMeans(rows, count, size);
    if (shift.length !== size) {
      return fail('MATRIX_SHAPE', `Expected rows of ${shift.length} numbers, got ${size}`);
    }
    if (!this.#shift) {
      this.#shift = shift;
      this.#sum = new Float64Array(size);
      this.#outer = new Float64Array(size * size);
    }
    const across = new Float64Array(count * size);
    const down = new Float64Array(count * size);
    for (let row = 0; row < count; row++) {
      for (let column = 0; column < size; column++) {
        const value = (rows.data[row * size + column] ?? 0) - (shift[column] ?? 0);
        across[row * size + column] = down[column * count + row] = value;
        this.#sum[column]! += value;
      }
    }
    const { data } = await this.#products.multiply(
      { rows: size, columns: count, data: down },
      { rows: count, columns: size, data: across },
    );
    for (let at = 0; at < data.length; at++) this.#outer[at]! += data[at]!;
    this.#count += count;
    return ok(undefined);
  }

  /** The covariance divides by the count less one, or by the count where `unbiased` is false. */
  finish({ unbiased = true, what = 'the rows' } = {}): Result<Gaussian> {
    const count = this.#count;
    const divisor = unbiased ? count - 1 : count;
    if (!this.#shift || divisor < 1) {
      return fail('MATRIX_SHAPE', `A covariance of ${what} needs at least ${unbiased ? 2 : 1} of them, got ${count}`);
    }
    const size = this.#shift.length;
    const offset = this.#sum.map((value) => value / count);
    const mean = this.#shift.map((value, index) => value + (offset[index] ?? 0));
    const data = new Float64Array(size * size);
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const at = row * size + column;
        data[at] = ((this.#outer[at] ?? 0) - count * (offset[row] ?? 0) * (offset[column] ?? 0)) / divisor;
      }
    }
    const covariance = requireSymmetric({ rows: size, columns: size, data }, `the covariance of ${what}`);
    return covariance.ok ? ok({ mean, covariance: covariance.value }) : covariance;
  }
}

function columnMeans({ data }: Tensor, count: number, size: number): Float64Array {
  const means = new Float64Array(size);
  for (let at = 0; at < data.length; at++) means[at % size]! += (data[at] ?? 0) / count;
  return means;
}

/**
 * |μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₁ Σ₂)^½). The last trace is taken of the symmetric Σ₁^½ Σ₂ Σ₁^½, which has the same
 * eigenvalues and stays real when a covariance is singular.
 */
export async function frechetDistance(a: Gaussian, b: Gaussian, products: Products): Promise<Result<number>> {
  const [root, other] = [squareRoot(a.covariance, 'the first covariance'), requireSymmetric(b.covariance)];
  if (!root.ok) return root;
  if (!other.ok) return other;
  if (a.mean.length !== b.mean.length) {
    return fail('MATRIX_SHAPE', `Expected two means of equal length, got ${a.mean.length} and ${b.mean.length}`);
  }
  const product = await products.multiply(await products.multiply(root.value, other.value), root.value);
  const joint = semidefiniteEigen(product, 'the product of the covariances');
  if (!joint.ok) return joint;
  const distance = a.mean.reduce((total, value, index) => total + (value - (b.mean[index] ?? 0)) ** 2, 0);
  const overlap = joint.value.values.reduce((total, value) => total + Math.sqrt(value), 0);
  return ok(Math.max(0, distance + trace(a.covariance) + trace(b.covariance) - 2 * overlap));
}

function trace({ columns, data }: Matrix): number {
  let total = 0;
  for (let at = 0; at < data.length; at += columns + 1) total += data[at] ?? 0;
  return total;
}
