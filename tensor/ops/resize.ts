/**
 * Images resized: each axis by itself, since rows and columns do not mix. Bilinear is one matrix product an axis with a
 * constant matrix of weights, so its derivative is a product too. Pixel centres lie at half numbers (`align_corners`
 * false in PyTorch's words), and what would be read outside is read at the border.
 */
import { constant, type Expr } from '../expr.ts';
import { floats, ints } from '../tensor.ts';
import { broadcastTo, gather, matmul, reshape } from './builders.ts';

/** Rows and columns. */
export type ImageSize = readonly [number, number];

export interface ResizeOptions {
  /** When shrinking, weighs every pixel that the new one covers, not just the two nearest. */
  readonly antialias?: boolean;
}

/** x [N, C, H, W] → [N, C, ...size] as `F.interpolate(x, size, mode='bilinear', align_corners=False)`. */
export function resizeBilinear(x: Expr, size: ImageSize, { antialias = false }: ResizeOptions = {}): Expr {
  const [count = 0, channels = 0, height = 0, width = 0] = x.shape;
  const weights = antialias ? triangleWeights : neighbourWeights;
  const columns =
    width === size[1]
      ? x
      : reshape(matmul(reshape(x, [count * channels * height, width]), weights(width, size[1]), { transB: true }), [
          count,
          channels,
          height,
          size[1],
        ]);
  if (height === size[0]) return columns;
  const maps = reshape(columns, [count * channels, height, size[1]]);
  return reshape(matmul(weights(height, size[0]), maps), [count, channels, ...size]);
}

/**
 * x [N, C, H, W] with each pixel repeated `to` times down and across, or, where `to` is a size, with pixel i read at
 * ⌊i · old/new⌋.
 */
export function resizeNearest(x: Expr, to: number | ImageSize): Expr {
  const [count = 0, channels = 0, height = 0, width = 0] = x.shape;
  const size: ImageSize = typeof to === 'number' ? [height * to, width * to] : to;
  const [down, across] = [size[0] / height, size[1] / width];
  if (Number.isInteger(down) && Number.isInteger(across)) {
    const apart = reshape(x, [count, channels, height, 1, width, 1]);
    return reshape(broadcastTo(apart, [count, channels, height, down, width, across]), [count, channels, ...size]);
  }
  const places = (length: number, wanted: number) =>
    constant(ints(Array.from({ length: wanted }, (_, index) => Math.floor((index * length) / wanted))));
  return gather(gather(x, places(height, size[0]), 2), places(width, size[1]), 3);
}

/** A constant [to, from]: the weights of the old pixels in each new one. */
function weightMatrix(from: number, to: number, weightsOf: (index: number, add: WeightSink) => void): Expr {
  const matrix = new Float64Array(to * from);
  for (let index = 0; index < to; index++) {
    weightsOf(index, (pixel, weight) => {
      matrix[index * from + pixel] = (matrix[index * from + pixel] ?? 0) + weight;
    });
  }
  return constant(floats(matrix, [to, from]));
}

type WeightSink = (pixel: number, weight: number) => void;

function neighbourWeights(from: number, to: number): Expr {
  return weightMatrix(from, to, (index, add) => {
    const source = Math.max(0, ((index + 0.5) * from) / to - 0.5);
    const low = Math.min(Math.floor(source), from - 1);
    const share = Math.min(source - low, 1);
    add(low, 1 - share);
    add(Math.min(low + 1, from - 1), share);
  });
}

function triangleWeights(from: number, to: number): Expr {
  const scale = from / to;
  const reach = Math.max(1, scale);
  return weightMatrix(from, to, (index, add) => {
    const centre = (index + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(from, Math.floor(centre + reach + 0.5));
    const weights = Array.from({ length: end - first }, (_, place) =>
      Math.max(0, 1 - Math.abs((first + place + 0.5 - centre) / reach)),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [place, weight] of weights.entries()) add(first + place, weight / total);
  });
}
