/** Reductions, normalisation, cumulative sums and ordering. */
import { flagAttr, numberAttr, numbersAttr } from '../../../ops/attrs.ts';
import type { GraphBuilder, Value } from '../builder.ts';
import { axisIn, type Emission, type EmissionContext, plainly } from './emission.ts';

const reduce =
  (op: string): Emission =>
  ({ graph, expr, inputs }) => {
    const [x] = inputs as [Value];
    const logical = numbersAttr(expr.attrs, 'axes');
    if (logical.length === 0) return x;
    const keepDims = flagAttr(expr.attrs, 'keepDims');
    // What is left of channels-last axes is in plain order unless the channel axis has moved behind a spatial one.
    const kept = [0, 1, 2, 3].filter((axis) => !logical.includes(axis));
    const moved = x.layout === 'nhwc' && !keepDims && kept.includes(1) && kept.some((axis) => axis > 1);
    const from = moved ? graph.plain(x) : x;
    return graph.reduce(
      op,
      from,
      logical.map((axis) => axisIn(from, axis)),
      keepDims,
    );
  };

/** x without its mean, and one over its deviation: equal nodes are emitted once, so both operations share them. */
function centredAndScale({ graph, expr, inputs }: EmissionContext): { x: Value; centred: Value; scale: Value } {
  const [x] = inputs as [Value];
  const axes = numbersAttr(expr.attrs, 'axes').map((axis) => axisIn(x, axis));
  const centred = graph.binary('Sub', x, graph.reduce('Mean', x, axes, true), x.shape, 'float', x.layout);
  const variance = graph.reduce('Mean', graph.unary('Square', centred), axes, true);
  const stabilised = graph.binary(
    'AddV2',
    variance,
    graph.scalar(numberAttr(expr.attrs, 'eps')),
    variance.shape,
    'float',
    x.layout,
  );
  return { x, centred, scale: graph.unary('Rsqrt', stabilised) };
}

function normalize(context: EmissionContext): Value {
  const { x, centred, scale } = centredAndScale(context);
  return context.graph.binary('Mul', centred, scale, x.shape, 'float', x.layout);
}

function inverseDeviation(context: EmissionContext): Value {
  return centredAndScale(context).scale;
}

function argMax({ graph, expr, inputs }: EmissionContext): Value {
  const [x] = inputs as [Value];
  const attributes = { T: { type: x.type }, Tidx: { type: 'int32' }, output_type: { type: 'int32' } } as const;
  const axis = graph.ints([numberAttr(expr.attrs, 'axis')], []);
  return graph.node('ArgMax', [x, axis], attributes, { shape: expr.shape, type: 'int32' });
}

/** `axis` swapped with the last one; done twice it is undone. */
export function swapLast(graph: GraphBuilder, x: Value, axis: number): Value {
  const perm = x.shape.map((_, index) => index);
  perm[axis] = x.shape.length - 1;
  perm[x.shape.length - 1] = axis;
  return graph.transpose(x, perm);
}

function topKIndices({ graph, expr, inputs }: EmissionContext): Value {
  const k = numberAttr(expr.attrs, 'k');
  const axis = numberAttr(expr.attrs, 'axis');
  const x = swapLast(graph, inputs[0] as Value, axis);
  const attributes = { T: { type: x.type }, sorted: { flag: true } } as const;
  const shape = [...x.shape.slice(0, -1), k];
  const found = graph.node('TopKV2', [x, graph.ints([k], [])], attributes, { shape, type: 'int32' }, 1);
  return swapLast(graph, found, axis);
}

function cumsum({ graph, expr, inputs }: EmissionContext): Value {
  const [x] = inputs as [Value];
  const axis = graph.ints([numberAttr(expr.attrs, 'axis')], []);
  const reverse = flagAttr(expr.attrs, 'reverse');
  const attributes = {
    T: { type: x.type },
    Tidx: { type: 'int32' },
    exclusive: { flag: false },
    reverse: { flag: reverse },
  } as const;
  return graph.node('Cumsum', [x, axis], attributes, { shape: x.shape });
}

export const reductions: Readonly<Record<string, Emission>> = {
  sum: reduce('Sum'),
  reduceMax: reduce('Max'),
  reduceMin: reduce('Min'),
  argMax: plainly(argMax),
  topKIndices: plainly(topKIndices),
  cumsum: plainly(cumsum),
  normalize,
  inverseDeviation,
};
