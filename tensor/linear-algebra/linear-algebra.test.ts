/** Decompositions and roots against NumPy and SciPy; the calls stand beside the numbers. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import { singularValues, symmetricEigen } from './decompositions.ts';
import { definiteRoots } from './large-roots.ts';
import type { Matrix } from './matrix.ts';
import { openProducts } from './products.ts';
import { inverseSquareRoot, spectralFunction, squareRoot } from './roots.ts';

function matrix(rows: readonly (readonly number[])[]): Matrix {
  return { rows: rows.length, columns: rows[0]?.length ?? 0, data: Float64Array.from(rows.flat()) };
}

function times(a: Matrix, b: Matrix): Matrix {
  const data = new Float64Array(a.rows * b.columns);
  for (let row = 0; row < a.rows; row++)
    for (let column = 0; column < b.columns; column++)
      for (let k = 0; k < a.columns; k++)
        data[row * b.columns + column]! += a.data[row * a.columns + k]! * b.data[k * b.columns + column]!;
  return { rows: a.rows, columns: b.columns, data };
}

function transposed({ rows, columns, data }: Matrix): Matrix {
  const at = (index: number) => data[(index % rows) * columns + Math.floor(index / rows)]!;
  return { rows: columns, columns: rows, data: Float64Array.from(data, (_, index) => at(index)) };
}

function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>, allowed = 1e-12): void {
  expect(found.length).toBe(wanted.length);
  const worst = Array.from(found, (value, index) => Math.abs(value - wanted[index]!));
  expect(Math.max(0, ...worst)).toBeLessThan(allowed);
}

const A = matrix([
  [4, 1, -2],
  [1, 3, 0.5],
  [-2, 0.5, 5],
]);

/** A fixed symmetric matrix with eigenvalues of at least `least`. */
function definite(size: number, least: number): Matrix {
  const data = Float64Array.from({ length: size * size }, (_, index) => Math.sin(index * index * 0.37));
  const half = { rows: size, columns: size, data };
  const full = times(half, transposed(half));
  for (let at = 0; at < data.length; at += size + 1) full.data[at]! += least;
  return full;
}

it('finds eigenvalues as np.linalg.eigh', () => {
  const { values, vectors } = unwrap(symmetricEigen(A));
  // np.linalg.eigh(A)[0]
  expectClose(values, [1.5842066930926224, 3.8393364524664815, 6.576456854440894]);
  expectClose(times(transposed(vectors), vectors).data, [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  expectClose(spectralFunction({ values, vectors }, (value) => value).data, A.data);
  // np.linalg.eigvalsh(scipy.linalg.hilbert(8))
  const hilbert = matrix(Array.from({ length: 8 }, (_, i) => Array.from({ length: 8 }, (_, j) => 1 / (i + j + 1))));
  expectClose(
    unwrap(symmetricEigen(hilbert)).values,
    [
      1.1115390158041429e-10, 1.7988737457918858e-8, 1.294332091873755e-6, 5.4369433697499504e-5, 0.0014676881177417907,
      0.0262128435781189, 0.2981252113169306, 1.695938996921949,
    ],
    1e-15,
  );
});

it('finds singular values as np.linalg.svd, of tall, wide and singular matrices', () => {
  const wide = matrix([
    [1, 2, 3],
    [4, 5, 7],
  ]);
  for (const one of [wide, transposed(wide)]) {
    const { values, left, right } = unwrap(singularValues(one));
    expectClose(values, [10.18147167222686, 0.5810633249844988]); // np.linalg.svd(wide)[1]
    const scaled = { ...left, data: left.data.map((value, index) => value * values[index % 2]!) };
    expectClose(times(scaled, transposed(right)).data, one.data);
  }
  const singular = matrix([
    [1, 2],
    [2, 4],
    [0, 0],
  ]);
  expectClose(unwrap(singularValues(singular)).values, [5, 0]);
});

it('takes roots as scipy.linalg.sqrtm', () => {
  // scipy.linalg.sqrtm(A)
  expectClose(
    unwrap(squareRoot(A)).data,
    [
      1.9125393593339663, 0.3003875630018927, -0.5019566823862319, 0.30038756300189273, 1.6974949976381437,
      0.16816077124959314, -0.5019566823862317, 0.16816077124959306, 2.1725011954014057,
    ],
  );
  // np.linalg.inv(scipy.linalg.sqrtm(A + 0.1 * np.eye(3)))
  expectClose(
    unwrap(inverseSquareRoot(A, { eps: 0.1 })).data,
    [
      0.5664187797188768, -0.1095429079303742, 0.13580636939346258, -0.10954290793037431, 0.6040385293365955,
      -0.06991317150469387, 0.13580636939346255, -0.0699131715046938, 0.490944736252392,
    ],
  );
  const singular = matrix([
    [2, 2],
    [2, 2],
  ]);
  expectClose(unwrap(squareRoot(singular)).data, [1, 1, 1, 1], 1e-7); // scipy.linalg.sqrtm: 1 ± 1e-8
});

it('finds the roots of large matrices by products as by eigenvalues', async () => {
  const large = definite(60, 0.1);
  const products = unwrap(await openProducts(2));
  const { root, inverse } = unwrap(await definiteRoots(large, { least: 0.1, products }));
  products.close();
  expectClose(root.data, unwrap(squareRoot(large)).data, 1e-10);
  expectClose(inverse.data, unwrap(inverseSquareRoot(large)).data, 1e-9);
});

it('gives a failure for what has no answer', async () => {
  const products = unwrap(await openProducts(1));
  const codeOf = (result: { ok: boolean; error?: { code: string } }) => result.error?.code;
  const indefinite = matrix([
    [1, 2],
    [2, 1],
  ]);
  expect({
    table: codeOf(symmetricEigen(matrix([[1, 2]]))),
    skew: codeOf(
      symmetricEigen(
        matrix([
          [1, 2],
          [3, 1],
        ]),
      ),
    ),
    nan: codeOf(symmetricEigen(matrix([[Number.NaN]]))),
    infinite: codeOf(singularValues(matrix([[Number.POSITIVE_INFINITY, 1]]))),
    indefinite: codeOf(squareRoot(indefinite)),
    singular: codeOf(
      inverseSquareRoot(
        matrix([
          [2, 2],
          [2, 2],
        ]),
      ),
    ),
    unbounded: codeOf(await definiteRoots(indefinite, { least: 0.1, products })),
  }).toEqual({
    table: 'MATRIX_SHAPE',
    skew: 'MATRIX_NOT_SYMMETRIC',
    nan: 'MATRIX_NOT_FINITE',
    infinite: 'MATRIX_NOT_FINITE',
    indefinite: 'MATRIX_NOT_POSITIVE',
    singular: 'MATRIX_SINGULAR',
    unbounded: 'MATRIX_NOT_POSITIVE',
  });
  products.close();
});

it('rebuilds any matrix from its parts', () => {
  const entry = fc.double({ min: -10, max: 10, noNaN: true });
  fc.assert(
    fc.property(
      fc
        .integer({ min: 1, max: 6 })
        .chain((size) => fc.array(entry, { minLength: size * size, maxLength: size * size })),
      (data) => {
        const size = Math.sqrt(data.length);
        const any = { rows: size, columns: size, data: Float64Array.from(data) };
        const square = times(any, transposed(any));
        const root = unwrap(squareRoot(square));
        expectClose(times(root, root).data, square.data, 1e-3 + 1e-9 * Math.max(...square.data));
      },
    ),
    { numRuns: 200 },
  );
});
