/**
 * Square root and inverse square root of a large positive definite matrix by products alone: the coupled Newton–Schulz
 * iteration (Higham 2008, section 6.7) with the scaling of Chen and Chow 2014, which needs a lower bound of the
 * eigenvalues and takes about ten steps for a condition of a thousand. With A = matrix / bound: Y → A^½, Z → A^-½,
 * both functions of A, so that they commute and every product is symmetric.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import { type Matrix, requireSymmetric } from './matrix.ts';
import type { Products } from './products.ts';

export interface Roots {
  readonly root: Matrix;
  readonly inverse: Matrix;
}

const MOST_STEPS = 60;

/** `least` > 0 is below every eigenvalue; twice too small costs a step. */
export async function definiteRoots(
  matrix: Matrix,
  { least, products, what = 'the matrix' }: { least: number; products: Products; what?: string },
): Promise<Result<Roots>> {
  const symmetric = requireSymmetric(matrix, what);
  if (!symmetric.ok) return symmetric;
  const bound = largestRowSum(symmetric.value);
  let low = Math.sqrt(least / bound); // below the singular values of the iterate, all of them in (low, 1]
  let y = map(symmetric.value, (value) => value / bound);
  let z = identity(matrix.rows);
  let before = Number.POSITIVE_INFINITY;
  for (let step = 0; step < MOST_STEPS; step++) {
    const product = step === 0 ? y : await products.multiply(z, y); // → identity
    const distance = distanceToIdentity(product);
    // Quadratic until rounding: when it no longer halves, it is as near as float64 comes.
    if (distance < 1e-6 && distance > before / 2) return ok(unscaled(y, z, bound));
    before = distance;
    const scale = low > 1 - 1e-9 ? 1 : Math.sqrt(3 / (1 + low + low * low));
    const factor = map(product, (value) => -0.5 * scale ** 3 * value);
    for (let at = 0; at < factor.data.length; at += matrix.rows + 1) factor.data[at]! += 1.5 * scale;
    y = symmetrised(await products.multiply(y, factor));
    z = step === 0 ? factor : symmetrised(await products.multiply(z, factor));
    low = Math.min(1, 0.5 * scale * low * (3 - scale * scale * low * low));
  }
  return fail('MATRIX_NOT_POSITIVE', `Expected the eigenvalues of ${what} to be at least ${least}: no root was found`);
}

function unscaled(y: Matrix, z: Matrix, bound: number): Roots {
  const scale = Math.sqrt(bound);
  return { root: map(y, (value) => value * scale), inverse: map(z, (value) => value / scale) };
}

/** No eigenvalue is larger (Gershgorin). */
function largestRowSum({ rows, columns, data }: Matrix): number {
  let most = 0;
  for (let row = 0; row < rows; row++) {
    let total = 0;
    for (let at = row * columns; at < (row + 1) * columns; at++) total += Math.abs(data[at] ?? 0);
    most = Math.max(most, total);
  }
  return most;
}

function identity(size: number): Matrix {
  const data = new Float64Array(size * size);
  for (let at = 0; at < data.length; at += size + 1) data[at] = 1;
  return { rows: size, columns: size, data };
}

function map({ rows, columns, data }: Matrix, f: (value: number) => number): Matrix {
  return { rows, columns, data: data.map(f) };
}

/** Rounding's skew part would grow from step to step. */
function symmetrised({ rows, columns, data }: Matrix): Matrix {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < row; column++) {
      const [here, there] = [row * columns + column, column * columns + row];
      data[here] = data[there] = ((data[here] ?? 0) + (data[there] ?? 0)) / 2;
    }
  }
  return { rows, columns, data };
}

/** The largest element of |product - 1|. */
function distanceToIdentity({ rows, data }: Matrix): number {
  let most = 0;
  for (let at = 0; at < data.length; at++) {
    most = Math.max(most, Math.abs((data[at] ?? 0) - (at % (rows + 1) === 0 ? 1 : 0)));
  }
  return most;
}
