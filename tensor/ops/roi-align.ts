/**
 * Region pooling (RoIAlign, He et al. 2017, as `torchvision.ops.roi_align`): a box over a map is cut into bins, each the
 * mean of bilinear samples at regular points. A sample is a product of a weight by row and one by column, and so is a
 * mean over a grid of them: the whole is `rows · map · columnsᵀ` with matrices that the graph builds from the boxes, so
 * boxes are inputs and derivatives of any order flow into maps and boxes.
 */
import { constant, type Expr } from '../expr.ts';
import { floats } from '../tensor.ts';
import { gather, matmul, reshape, sum } from './builders.ts';
import { iota, sliceAlong } from './composites.ts';
import {
  abs,
  add,
  and,
  cast,
  clip,
  div,
  floor,
  ge,
  le,
  lt,
  max,
  min,
  mul,
  neg,
  relu,
  sub,
} from './elementwise-builders.ts';
import type { ImageSize } from './resize.ts';

export interface RoiAlignOptions {
  /** Bins down and across. */
  readonly size: ImageSize;
  /** Cells of the map for one unit of the boxes. */
  readonly spatialScale?: number;
  /** Points in a bin and axis; 0: as many as the bin has cells, rounded up. */
  readonly samplingRatio?: number;
  /** Moves boxes by half a cell, so that cell i has its centre at i + ½; else sides are at least one cell. */
  readonly aligned?: boolean;
  /** The map of each box (int [K]); box k belongs to map k where it is left out. */
  readonly maps?: Expr;
}

/**
 * x [N, C, H, W] and boxes [K, 4] as x1, y1, x2, y2 (x counts columns) → [K, C, ...size]. With `samplingRatio` 0 a bin
 * has at most one point more than the map has cells for it, enough for every box that lies on the map.
 */
export function roiAlign(
  x: Expr,
  boxes: Expr,
  { size, spatialScale = 1, samplingRatio = 0, aligned = false, maps }: RoiAlignOptions,
): Expr {
  const [, channels = 0, height = 0, width = 0] = x.shape;
  const count = boxes.shape[0] ?? 0;
  const chosen = maps ? gather(x, maps, 0) : x;
  const corner = (index: number) => sub(mul(sliceAlong(boxes, 1, index, 1), spatialScale), aligned ? 0.5 : 0);
  const axis = (low: number, high: number, length: number, bins: number) => {
    const start = corner(low);
    const side = sub(corner(high), start);
    return binWeights(start, aligned ? side : max(side, 1), { length, bins, samplingRatio });
  };
  const rows = reshape(axis(1, 3, height, size[0]), [count, 1, size[0], height]);
  const columns = reshape(axis(0, 2, width, size[1]), [count, 1, size[1], width]);
  return reshape(matmul(matmul(rows, chosen), columns, { transB: true }), [count, channels, ...size]);
}

interface Axis {
  /** Cells of the map. */
  readonly length: number;
  readonly bins: number;
  readonly samplingRatio: number;
}

/** From start and side [K, 1] of boxes along one axis the weights [K, bins, length] of cells in the mean of each bin. */
function binWeights(start: Expr, side: Expr, { length, bins, samplingRatio }: Axis): Expr {
  const count = start.shape[0] ?? 0;
  const most = samplingRatio > 0 ? samplingRatio : Math.ceil(length / bins) + 1;
  const column = (values: Expr) => reshape(values, [count, 1, 1]);
  const bin = column(mul(side, 1 / bins));
  // Nothing flows through the number of points.
  const points = samplingRatio > 0 ? constant(samplingRatio) : min(max(neg(floor(neg(bin))), 0), most);
  const divisor = max(points, 1);
  const place = reshape(cast(iota(most), 'float'), [1, 1, most]);
  const binIndex = reshape(cast(iota(bins), 'float'), [1, bins, 1]);
  // [K, bins, most]
  const position = add(column(start), mul(bin, add(binIndex, div(add(place, 0.5), divisor))));
  const onMap = and(and(ge(position, -1), le(position, length)), lt(place, points));
  const weight = div(cast(onMap, 'float'), divisor);
  const held = reshape(clip(position, 0, length - 1), [count, bins, most, 1]);
  const cells = constant(
    floats(
      Array.from({ length }, (_, index) => index),
      [1, 1, 1, length],
    ),
  );
  const hat = relu(sub(1, abs(sub(held, cells))));
  return sum(mul(hat, reshape(weight, [count, bins, most, 1])), { axes: [2] });
}
