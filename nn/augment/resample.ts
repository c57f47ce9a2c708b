/**
 * DSA's geometric tokens. Crop, flip and scale move rows and columns independently, so bilinear resampling with zeros
 * outside is two small matrix products: out = R · x · Cᵀ with R[i, j] = max(0, 1 - |source(i) - j|). The matrices are
 * built in the graph from the parameters: one for the batch where these are siamese, else one an image. Only rotation
 * mixes rows and columns and goes through `gridSample`.
 */
import { constant, type Expr } from '../../tensor/expr.ts';
import { abs, add, concat, cos, gridSample, matmul, mul, relu, reshape, sin, sub } from '../../tensor/ops/index.ts';
import { floats } from '../../tensor/tensor.ts';
import { imageExtents } from '../layers.ts';
import { indices } from './cutout.ts';

/** Positions along an axis as a constant [1, length], relative to `origin`. */
function positions(length: number, origin = 0): Expr {
  const values = indices(length).map((position) => position - origin);
  return constant(floats(values, [1, length]));
}

/** [P] → [P, 1] */
function asColumn(parameter: Expr): Expr {
  return reshape(parameter, [parameter.shape[0] ?? 1, 1]);
}

/** Source positions [P, length] → matrices [P, length, length] of linear interpolation with zeros outside. */
export function interpolation(sources: Expr): Expr {
  const [count = 1, length = 1] = sources.shape;
  const target = constant(floats(indices(length), [1, 1, length]));
  return relu(sub(1, abs(sub(reshape(sources, [count, length, 1]), target))));
}

/** R · x for every map: `matrices` [1 or N, H, H]. */
export function resampleRows(images: Expr, matrices: Expr): Expr {
  const { count, channels, height, width } = imageExtents(images);
  if (matrices.shape[0] === 1) {
    const maps = reshape(images, [count * channels, height, width]);
    return reshape(matmul(reshape(matrices, [height, height]), maps), images.shape);
  }
  return matmul(reshape(matrices, [count, 1, height, height]), images);
}

/** x · Cᵀ for every map: `matrices` [1 or N, W, W]. */
export function resampleColumns(images: Expr, matrices: Expr): Expr {
  const { count, channels, height, width } = imageExtents(images);
  if (matrices.shape[0] === 1) {
    const rows = reshape(images, [count * channels * height, width]);
    return reshape(matmul(rows, reshape(matrices, [width, width]), { transB: true }), images.shape);
  }
  const rows = reshape(images, [count, channels * height, width]);
  return reshape(matmul(rows, matrices, { transB: true }), images.shape);
}

/** out[i, j] = x[i + rows, j + columns], 0 outside. */
export function crop(images: Expr, rows: Expr, columns: Expr): Expr {
  const { height, width } = imageExtents(images);
  const moved = resampleRows(images, interpolation(add(positions(height), asColumn(rows))));
  return resampleColumns(moved, interpolation(add(positions(width), asColumn(columns))));
}

/** Horizontal mirror where `mirrored` is 1. */
export function flip(images: Expr, mirrored: Expr): Expr {
  const { width } = imageExtents(images);
  const turn = constant(
    floats(
      indices(width).map((column) => width - 1 - 2 * column),
      [1, width],
    ),
  );
  return resampleColumns(images, interpolation(add(positions(width), mul(asColumn(mirrored), turn))));
}

/** Source coordinates are the factors times the distance from the centre; the corner convention cancels out. */
export function scale(images: Expr, rows: Expr, columns: Expr): Expr {
  const { height, width } = imageExtents(images);
  const sources = (length: number, factor: Expr) => {
    const centre = (length - 1) / 2;
    return add(mul(positions(length, centre), asColumn(factor)), centre);
  };
  return resampleColumns(
    resampleRows(images, interpolation(sources(height, rows))),
    interpolation(sources(width, columns)),
  );
}

/** Source (u, v) ↦ (cosφ·u - sinφ·v, sinφ·u + cosφ·v), u along columns and v along rows, both normalised to [-1, 1]. */
export function rotate(images: Expr, angle: Expr, alignCorners: boolean): Expr {
  const { height, width } = imageExtents(images);
  const count = angle.shape[0] ?? 1;
  const middleRow = (height - 1) / 2;
  const middleColumn = (width - 1) / 2;
  // Normalised coordinates stretch with the image: a quarter turn maps its width to its height.
  const [rowSpan, columnSpan] = alignCorners ? [height - 1, width - 1] : [height, width];
  const aspect = rowSpan === 0 || columnSpan === 0 ? 0 : columnSpan / rowSpan;
  const rows = constant(
    floats(
      indices(height).map((row) => row - middleRow),
      [1, height, 1],
    ),
  );
  const columns = constant(
    floats(
      indices(width).map((column) => column - middleColumn),
      [1, 1, width],
    ),
  );
  const phi = reshape(angle, [count, 1, 1]);
  const sourceColumn = add(sub(mul(cos(phi), columns), mul(mul(sin(phi), aspect), rows)), middleColumn);
  const sourceRow = add(
    add(mul(mul(sin(phi), aspect === 0 ? 0 : 1 / aspect), columns), mul(cos(phi), rows)),
    middleRow,
  );
  const last = (x: Expr) => reshape(x, [count, height, width, 1]);
  return gridSample(images, concat([last(sourceRow), last(sourceColumn)], 3));
}
