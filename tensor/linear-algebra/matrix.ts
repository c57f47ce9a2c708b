/**
 * Matrices in float64, for what methods compute beside the graph: whitening, Fréchet distances, spectra. Values are
 * row-major. What a decomposition does not accept is a failure that says which matrix, since the numbers come from data.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import type { Tensor } from '../tensor.ts';

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** A float tensor [rows, columns]; `what` names it in failures. */
export function matrixOf(tensor: Tensor, what = 'the matrix'): Result<Matrix> {
  const [rows, columns, ...others] = tensor.shape;
  if (tensor.dtype !== 'float' || rows === undefined || columns === undefined || others.length > 0) {
    return fail('MATRIX_SHAPE', `Expected ${what} to be a table of floats, got ${tensor.dtype} [${tensor.shape}]`);
  }
  return ok({ rows, columns, data: Float64Array.from(tensor.data) });
}

export function tensorOfMatrix({ rows, columns, data }: Matrix): Tensor {
  return { dtype: 'float', shape: [rows, columns], data };
}

export function requireFinite(matrix: Matrix, what = 'the matrix'): Result<Matrix> {
  const place = matrix.data.findIndex((value) => !Number.isFinite(value));
  if (place < 0) return ok(matrix);
  const [row, column] = [Math.floor(place / matrix.columns), place % matrix.columns];
  return fail(
    'MATRIX_NOT_FINITE',
    `Expected ${what} to hold finite numbers, got ${matrix.data[place]} at (${row}, ${column})`,
  );
}

/** Half the digits of a float32: a covariance summed in float32 passes, a matrix that is none does not. */
const SYMMETRY = 1e-4;

/** Finite, square, and equal to its mirror image up to rounding; the result is exactly symmetric. */
export function requireSymmetric(matrix: Matrix, what = 'the matrix'): Result<Matrix> {
  const { rows: size, columns, data } = matrix;
  if (size !== columns) return fail('MATRIX_SHAPE', `Expected ${what} to be square, got ${size} × ${columns}`);
  const finite = requireFinite(matrix, what);
  if (!finite.ok) return finite;
  const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const mirrored = new Float64Array(data);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < row; column++) {
      const [a, b] = [data[row * size + column] ?? 0, data[column * size + row] ?? 0];
      if (Math.abs(a - b) > SYMMETRY * largest) {
        return fail(
          'MATRIX_NOT_SYMMETRIC',
          `Expected ${what} to be symmetric, got ${a} and ${b} at (${row}, ${column})`,
        );
      }
      mirrored[row * size + column] = mirrored[column * size + row] = (a + b) / 2;
    }
  }
  return ok({ rows: size, columns: size, data: mirrored });
}
