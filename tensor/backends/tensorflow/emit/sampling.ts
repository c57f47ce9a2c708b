/**
 * Bilinear sampling at (row, column) pixels, zero outside, and its adjoint. The weight of a pixel is the product of two
 * hats max(0, 1 - |coordinate - pixel|), so both are products with the matrix of all weights; where that would be large,
 * the four neighbours of every sample are read, or added to, one after the other.
 */
import { numbersAttr } from '../../../ops/attrs.ts';
import { sizeOf } from '../../../tensor.ts';
import type { GraphBuilder, Value } from '../builder.ts';
import { castTo } from './elementwise.ts';
import { type Emission, type EmissionContext, plainly } from './emission.ts';
import { gatherAlong, segmentSum } from './indexing.ts';

/** Weights above which the neighbours are visited instead. */
const largestMatrix = 2 ** 21;

interface Extents {
  readonly height: number;
  readonly width: number;
  /** Sets of coordinates: one for all images, or one an image. */
  readonly sets: number;
  readonly samples: number;
}

function extentsOf(coords: Value, height: number, width: number): Extents {
  const [sets, rows, columns] = coords.shape as [number, number, number];
  return { height, width, sets, samples: rows * columns };
}

/** [sets, samples, length] */
function hats(graph: GraphBuilder, coordinate: Value, length: number): Value {
  const [sets, samples] = coordinate.shape as [number, number];
  const shape = [sets, samples, length];
  const pixels = graph.floats(Array.from({ length }, (_, index) => index));
  const distance = graph.unary('Abs', graph.binary('Sub', coordinate, pixels, shape));
  return graph.unary('Relu', graph.binary('Sub', graph.scalar(1), distance, shape));
}

/** Row (0) or column (1) of every sample: [sets, samples, 1]. */
function coordinate(graph: GraphBuilder, coords: Value, axis: 0 | 1, { sets, samples }: Extents): Value {
  const flat = graph.reshape(coords, [sets, samples, 2]);
  return graph.slice(flat, [0, 0, axis], [sets, samples, 1]);
}

/** [sets, samples, height · width] */
function weights(graph: GraphBuilder, coords: Value, extents: Extents): Value {
  const { height, width, sets, samples } = extents;
  const rows = graph.reshape(hats(graph, coordinate(graph, coords, 0, extents), height), [sets, samples, height, 1]);
  const columns = graph.reshape(hats(graph, coordinate(graph, coords, 1, extents), width), [sets, samples, 1, width]);
  return graph.reshape(graph.binary('Mul', rows, columns, [sets, samples, height, width]), [
    sets,
    samples,
    height * width,
  ]);
}

/** The four neighbours: their place in an image of height · width, and their weight, 0 outside; each [sets, samples]. */
function* neighbours(graph: GraphBuilder, coords: Value, extents: Extents): Generator<{ place: Value; weight: Value }> {
  const { height, width, sets, samples } = extents;
  const shape = [sets, samples];
  const op = (name: string, a: Value, b: Value) => graph.binary(name, a, b, shape);
  const parts = ([0, 1] as const).map((axis) => {
    const at = graph.reshape(coordinate(graph, coords, axis, extents), shape);
    const low = graph.unary('Floor', at);
    return { low, fraction: op('Sub', at, low), length: axis === 0 ? height : width };
  });
  const along = ({ low, fraction, length }: (typeof parts)[number], far: 0 | 1) => {
    const position = far ? op('AddV2', low, graph.scalar(1)) : low;
    const clamped = op('Minimum', op('Maximum', position, graph.scalar(0)), graph.scalar(length - 1));
    const inside = castTo(graph, graph.binary('Equal', position, clamped, shape, 'bool'), 'float');
    return { clamped, share: op('Mul', inside, far ? fraction : op('Sub', graph.scalar(1), fraction)) };
  };
  for (const dy of [0, 1] as const) {
    for (const dx of [0, 1] as const) {
      const row = along(parts[0] as (typeof parts)[number], dy);
      const column = along(parts[1] as (typeof parts)[number], dx);
      const place = op('AddV2', op('Mul', row.clamped, graph.scalar(width)), column.clamped);
      yield { place: castTo(graph, place, 'int32'), weight: op('Mul', row.share, column.share) };
    }
  }
}

/** Products of a batch of matrices [sets, …] with the planes of the images: [n, c, to]. */
function throughMatrix(graph: GraphBuilder, x: Value, matrix: Value, transposed: boolean, to: number): Value {
  const [n, c] = x.shape as [number, number];
  const sets = matrix.shape[0] as number;
  const length = sizeOf(x.shape.slice(2));
  const planes = graph.reshape(x, sets === 1 ? [1, n * c, length] : [n, c, length]);
  const attributes = { T: { type: 'float' }, adj_x: { flag: false }, adj_y: { flag: transposed } } as const;
  const shape = sets === 1 ? [1, n * c, to] : [n, c, to];
  return graph.node('BatchMatMulV2', [planes, matrix], attributes, { shape });
}

/** Places of every image and plane in one flat list: [n · c · samples]. */
function flatPlaces(graph: GraphBuilder, place: Value, n: number, c: number, { samples, sets, ...of }: Extents): Value {
  const offsets = graph.ints(
    Array.from({ length: n * c }, (_, plane) => plane * of.height * of.width),
    [n, c, 1],
  );
  const shared = graph.reshape(place, [sets, 1, samples]);
  return graph.reshape(graph.binary('AddV2', shared, offsets, [n, c, samples]), [n * c * samples]);
}

function gridSample({ graph, expr, inputs }: EmissionContext): Value {
  const [x, coords] = inputs as [Value, Value];
  const [n, c, height, width] = x.shape as [number, number, number, number];
  const extents = extentsOf(coords, height, width);
  const { sets, samples } = extents;
  if (sets * samples * height * width <= largestMatrix) {
    return graph.reshape(throughMatrix(graph, x, weights(graph, coords, extents), true, samples), expr.shape);
  }
  const pixels = graph.reshape(x, [sizeOf(x.shape)]);
  let sum: Value | undefined;
  for (const { place, weight } of neighbours(graph, coords, extents)) {
    const read = gatherAlong(graph, pixels, flatPlaces(graph, place, n, c, extents), 0);
    const planes = graph.reshape(read, [n, c, samples]);
    const part = graph.binary('Mul', planes, graph.reshape(weight, [sets, 1, samples]), [n, c, samples]);
    sum = sum ? graph.binary('AddV2', sum, part, part.shape) : part;
  }
  return graph.reshape(sum as Value, expr.shape);
}

function gridSampleGrad({ graph, expr, inputs }: EmissionContext): Value {
  const [g, coords] = inputs as [Value, Value];
  const [n, c] = g.shape as [number, number];
  const [height, width] = numbersAttr(expr.attrs, 'inputSize') as [number, number];
  const extents = extentsOf(coords, height, width);
  const { sets, samples } = extents;
  if (sets * samples * height * width <= largestMatrix) {
    return graph.reshape(throughMatrix(graph, g, weights(graph, coords, extents), false, height * width), expr.shape);
  }
  const planes = graph.reshape(g, [n, c, samples]);
  let sum: Value | undefined;
  for (const { place, weight } of neighbours(graph, coords, extents)) {
    const shares = graph.binary('Mul', planes, graph.reshape(weight, [sets, 1, samples]), [n, c, samples]);
    const flat = graph.reshape(shares, [n * c * samples]);
    const part = segmentSum(graph, flat, flatPlaces(graph, place, n, c, extents), n * c * height * width);
    sum = sum ? graph.binary('AddV2', sum, part, part.shape) : part;
  }
  return graph.reshape(sum as Value, expr.shape);
}

export const sampling: Readonly<Record<string, Emission>> = {
  gridSample: plainly(gridSample),
  gridSampleGrad: plainly(gridSampleGrad),
};
