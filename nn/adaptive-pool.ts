/**
 * Means over as equal shares of an image as there can be (`adaptive_avg_pool2d`): cell i of n covers pixels
 * ⌊i·size/n⌋ to ⌈(i + 1)·size/n⌉, so that a smaller image is repeated and shares may overlap. Rows and columns do not
 * mix: a product with a constant matrix for each.
 */
import { constant, type Expr } from '../tensor/expr.ts';
import { matmul, reshape } from '../tensor/ops/index.ts';
import { floats } from '../tensor/tensor.ts';
import { imageExtents } from './layers.ts';

/** x [N, C, H, W] → [N, C, ...size] */
export function adaptiveAveragePool(x: Expr, size: readonly [number, number]): Expr {
  const { count, channels, height, width } = imageExtents(x);
  const [tall, wide] = size;
  const rows = reshape(x, [count * channels * height, width]);
  const columns = width === wide ? rows : matmul(rows, shares(width, wide), { transB: true });
  const maps = reshape(columns, [count * channels, height, wide]);
  return reshape(height === tall ? maps : matmul(shares(height, tall), maps), [count, channels, tall, wide]);
}

/** [to, from]: the weights of pixels in each cell. */
function shares(from: number, to: number): Expr {
  const matrix = new Float64Array(to * from);
  for (let cell = 0; cell < to; cell++) {
    const [start, end] = [Math.floor((cell * from) / to), Math.ceil(((cell + 1) * from) / to)];
    matrix.fill(1 / (end - start), cell * from + start, cell * from + end);
  }
  return constant(floats(matrix, [to, from]));
}
