/**
 * Eigenvalues of symmetric matrices and singular values, by the library `ml-matrix` (EISPACK's tred2 and tql2, LINPACK's
 * svd). Its time grows with the cube: a second at 500 rows, twelve at 1000, minutes at 3000.
 */
import {
  EigenvalueDecomposition,
  Matrix as Library,
  type Matrix as LibraryMatrix,
  SingularValueDecomposition,
} from 'ml-matrix';
import { ok, type Result } from '../../base/result.ts';
import { type Matrix, requireFinite, requireSymmetric } from './matrix.ts';

export interface SymmetricEigen {
  /** Ascending. */
  readonly values: Float64Array;
  /** Orthonormal; column i belongs to value i. */
  readonly vectors: Matrix;
}

export interface Svd {
  /** Descending; as many as the shorter side. */
  readonly values: Float64Array;
  /** matrix = left · diag(values) · rightᵀ, both with as many columns as there are values. */
  readonly left: Matrix;
  readonly right: Matrix;
}

/**
 * Relative to the largest element, and without elements too small to count: the library's iterations do not end well
 * where products of them underflow.
 */
function toLibrary({ rows, columns, data }: Matrix, scale: number): LibraryMatrix {
  const scaled = data.map((value) => (Math.abs(value) < NEGLIGIBLE * scale ? 0 : value / scale));
  return Library.from1DArray(rows, columns, scaled as unknown as number[]);
}

const NEGLIGIBLE = 1e-40;

/** The largest magnitude, 1 for zeros. */
function scaleOf({ data }: Matrix): number {
  return data.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
}

function fromLibrary(matrix: LibraryMatrix): Matrix {
  const { rows, columns } = matrix;
  const data = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) data.set(matrix.getRow(row), row * columns);
  return { rows, columns, data };
}

export function symmetricEigen(matrix: Matrix, what?: string): Result<SymmetricEigen> {
  const symmetric = requireSymmetric(matrix, what);
  if (!symmetric.ok) return symmetric;
  if (matrix.rows === 0) return ok({ values: new Float64Array(0), vectors: matrix });
  const scale = scaleOf(symmetric.value);
  const found = new EigenvalueDecomposition(toLibrary(symmetric.value, scale), { assumeSymmetric: true });
  return ok({
    values: Float64Array.from(found.realEigenvalues, (value) => value * scale),
    vectors: fromLibrary(found.eigenvectorMatrix),
  });
}

export function singularValues(matrix: Matrix, what?: string): Result<Svd> {
  const finite = requireFinite(matrix, what);
  if (!finite.ok) return finite;
  const { rows, columns } = matrix;
  const count = Math.min(rows, columns);
  const empty = (side: number): Matrix => ({ rows: side, columns: 0, data: new Float64Array(0) });
  if (count === 0) return ok({ values: new Float64Array(0), left: empty(rows), right: empty(columns) });
  const scale = scaleOf(matrix);
  const found = new SingularValueDecomposition(toLibrary(matrix, scale), { autoTranspose: true });
  return ok({
    values: Float64Array.from(found.diagonal.slice(0, count), (value) => value * scale),
    left: fromLibrary(found.leftSingularVectors.subMatrix(0, rows - 1, 0, count - 1)),
    right: fromLibrary(found.rightSingularVectors.subMatrix(0, columns - 1, 0, count - 1)),
  });
}
