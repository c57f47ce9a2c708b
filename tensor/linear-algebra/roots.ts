/**
 * Functions of a symmetric matrix by its eigenvalues: U f(λ) Uᵀ. The square roots ask for a positive semidefinite one;
 * eigenvalues below 0 by rounding count as 0.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import { type SymmetricEigen, symmetricEigen } from './decompositions.ts';
import type { Matrix } from './matrix.ts';

/** An eigenvalue is rounding when it is this small a part of the largest. */
const ROUNDING = 1e-6;

/** U f(λ) Uᵀ, exactly symmetric. */
export function spectralFunction({ values, vectors }: SymmetricEigen, f: (value: number) => number): Matrix {
  const size = values.length;
  const weights = values.map(f);
  const result = new Float64Array(size * size);
  const scaled = new Float64Array(size);
  for (let row = 0; row < size; row++) {
    const here = vectors.data.subarray(row * size, (row + 1) * size);
    for (let k = 0; k < size; k++) scaled[k] = (here[k] ?? 0) * (weights[k] ?? 0);
    for (let column = 0; column <= row; column++) {
      const start = column * size;
      let total = 0;
      for (let k = 0; k < size; k++) total += (scaled[k] ?? 0) * (vectors.data[start + k] ?? 0);
      result[row * size + column] = result[column * size + row] = total;
    }
  }
  return { rows: size, columns: size, data: result };
}

/** Eigenvalues of a positive semidefinite matrix, none below 0. */
export function semidefiniteEigen(matrix: Matrix, what = 'the matrix'): Result<SymmetricEigen> {
  const eigen = symmetricEigen(matrix, what);
  if (!eigen.ok) return eigen;
  const { values, vectors } = eigen.value;
  const [least = 0, most = 0] = [values[0], values.at(-1)];
  if (least < -ROUNDING * Math.max(Math.abs(least), most)) {
    return fail(
      'MATRIX_NOT_POSITIVE',
      `Expected ${what} to have no eigenvalue below 0, got ${least} (largest ${most})`,
    );
  }
  return ok({ values: values.map((value) => Math.max(0, value)), vectors });
}

export function squareRoot(matrix: Matrix, what?: string): Result<Matrix> {
  const eigen = semidefiniteEigen(matrix, what);
  return eigen.ok ? ok(spectralFunction(eigen.value, Math.sqrt)) : eigen;
}

/** (matrix + eps)^-½; without `eps` a singular matrix is a failure. */
export function inverseSquareRoot(matrix: Matrix, { eps = 0, what = 'the matrix' } = {}): Result<Matrix> {
  const eigen = semidefiniteEigen(matrix, what);
  if (!eigen.ok) return eigen;
  const { values } = eigen.value;
  const least = (values[0] ?? 1) + eps;
  if (least <= Number.EPSILON * (values.at(-1) ?? 0)) {
    return fail('MATRIX_SINGULAR', `Expected ${what} to be invertible, but its least eigenvalue is ${least}`, {
      help: 'Add a positive epsilon to its eigenvalues.',
    });
  }
  return ok(spectralFunction(eigen.value, (value) => 1 / Math.sqrt(value + eps)));
}
