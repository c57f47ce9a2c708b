/** Products of matrices, batched over leading axes that broadcast. */
import type { Expr } from '../expr.ts';
import { type Shape, sizeOf, type Tensor } from '../tensor.ts';
import { sumTo } from './adjoint.ts';
import { flagAttr } from './attrs.ts';
import { reshape, matmul as times } from './builders.ts';
import { at, broadcastShape, type OpDefinition, type OpFamily, reject, requireFloat } from './definition.ts';
import { allocate, broadcastStrides, offsetsOf, tensorOf } from './layout.ts';

/** Rows and columns as the product sees them. */
function sides(shape: Shape, transposed: boolean): [rows: number, columns: number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}

function gradient(node: Expr, g: Expr, index: number): Expr {
  const [a, b] = [at(node.inputs, 0), at(node.inputs, 1)];
  const [transA, transB] = [flagAttr(node.attrs, 'transA'), flagAttr(node.attrs, 'transB')];
  if (index === 0) {
    const flown = transA ? times(b, g, { transA: transB, transB: true }) : times(g, b, { transB: !transB });
    return sumTo(flown, a.shape);
  }
  if (b.shape.length === 2 && a.shape.length > 2 && !transA) {
    // One matrix for all rows of the batch: one product over all of them, not a sum of products.
    const rows = (x: Expr) => reshape(x, [sizeOf(x.shape.slice(0, -1)), at(x.shape, x.shape.length - 1)]);
    return transB ? times(rows(g), rows(a), { transA: true }) : times(rows(a), rows(g), { transA: true });
  }
  const flown = transB ? times(g, a, { transA: true, transB: transA }) : times(a, g, { transA: !transA });
  return sumTo(flown, b.shape);
}

/** One matrix, row-major and as the product sees it. */
function matrix({ data }: Tensor, from: number, rows: number, columns: number, transposed: boolean): Float64Array {
  const values = Float64Array.from(data.subarray(from, from + rows * columns));
  if (!transposed) return values;
  const turned = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) turned[row * columns + column] = values[column * rows + row]!;
  }
  return turned;
}

const matmul: OpDefinition = {
  arity: 2,
  infer(inputs, attrs) {
    requireFloat(inputs);
    const [a, b] = [at(inputs, 0).shape, at(inputs, 1).shape];
    if (a.length < 2 || b.length < 2) reject('a matrix has at least two axes');
    const [rows, inner] = sides(a, flagAttr(attrs, 'transA'));
    const [depth, columns] = sides(b, flagAttr(attrs, 'transB'));
    if (inner !== depth) reject(`${inner} columns do not meet ${depth} rows`);
    return { shape: [...broadcastShape([a.slice(0, -2), b.slice(0, -2)]), rows, columns], dtype: 'float' };
  },
  derivative: gradient,
  evaluate(inputs, attrs, out) {
    const [a, b] = [at(inputs, 0), at(inputs, 1)];
    const [transA, transB] = [flagAttr(attrs, 'transA'), flagAttr(attrs, 'transB')];
    const [rows, depth] = sides(a.shape, transA);
    const [, columns] = sides(b.shape, transB);
    const batch = out.shape.slice(0, -2);
    const startsOf = ({ shape }: Tensor) => offsetsOf(batch, broadcastStrides(shape.slice(0, -2), batch));
    const [startsA, startsB] = [startsOf(a), startsOf(b)];
    const result = allocate(out);
    for (let index = 0; index < startsA.length; index++) {
      const left = matrix(a, startsA[index]! * rows * depth, rows, depth, transA);
      const right = matrix(b, startsB[index]! * depth * columns, depth, columns, transB);
      for (let row = 0; row < rows; row++) {
        const to = (index * rows + row) * columns;
        for (let k = 0; k < depth; k++) {
          const factor = left[row * depth + k]!;
          for (let column = 0; column < columns; column++)
            result[to + column]! += factor * right[k * columns + column]!;
        }
      }
    }
    return tensorOf(out, result);
  },
};

export const matrices: OpFamily = { matmul };
