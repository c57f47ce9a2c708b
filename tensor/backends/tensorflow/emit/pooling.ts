/** Pooling and its adjoints. TensorFlow pools without padding here: what our padding means is put around the images first. */
import { numbersAttr } from '../../../ops/attrs.ts';
import { sizeOf } from '../../../tensor.ts';
import type { GraphBuilder, Value } from '../builder.ts';
import { castTo } from './elementwise.ts';
import type { Emission, EmissionContext } from './emission.ts';
import { gatherAlong, segmentSum } from './indexing.ts';

interface Window {
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly padding: readonly [number, number, number, number];
}

function windowOf({ expr }: EmissionContext): Window {
  return {
    size: numbersAttr(expr.attrs, 'size') as Window['size'],
    strides: numbersAttr(expr.attrs, 'strides') as Window['strides'],
    padding: numbersAttr(expr.attrs, 'padding') as Window['padding'],
  };
}

function attributesOf({ size, strides }: Window) {
  return {
    ksize: { ints: [1, ...size, 1] },
    strides: { ints: [1, ...strides, 1] },
    padding: { text: 'VALID' },
  } as const;
}

function padded(graph: GraphBuilder, x: Value, [top, left, bottom, right]: Window['padding'], fill: number): Value {
  return graph.pad(graph.nhwc(x), [0, top, left, 0], [0, bottom, right, 0], fill);
}

function cut(graph: GraphBuilder, x: Value, [top, left]: Window['padding'], shape: readonly number[]): Value {
  const [n, c, height, width] = shape as [number, number, number, number];
  return graph.slice(x, [0, top, left, 0], [n, height, width, c]);
}

function pooledShape(shape: readonly number[]): readonly number[] {
  const [n, c, height, width] = shape as [number, number, number, number];
  return [n, height, width, c];
}

function avgPool(context: EmissionContext): Value {
  const { graph, expr, inputs } = context;
  const window = windowOf(context);
  const attributes = { T: { type: 'float' }, ...attributesOf(window), data_format: { text: 'NHWC' } } as const;
  const x = padded(graph, inputs[0] as Value, window.padding, 0);
  return graph.node('AvgPool', [x], attributes, { shape: pooledShape(expr.shape), layout: 'nhwc' });
}

function avgPoolGrad(context: EmissionContext): Value {
  const { graph, expr, inputs } = context;
  const window = windowOf(context);
  const [top, left, bottom, right] = window.padding;
  const [n, c, height, width] = expr.shape as [number, number, number, number];
  const extent = [n, height + top + bottom, width + left + right, c];
  const attributes = { T: { type: 'float' }, ...attributesOf(window), data_format: { text: 'NHWC' } } as const;
  const operands = [graph.ints(extent), graph.nhwc(inputs[0] as Value)];
  const whole = graph.node('AvgPoolGrad', operands, attributes, { shape: extent, type: 'float', layout: 'nhwc' });
  return cut(graph, whole, window.padding, expr.shape);
}

/** Below every float32 that images hold. */
const LOWEST = -3.4e38;

function maxPool(context: EmissionContext): Value {
  const { graph, expr, inputs } = context;
  const window = windowOf(context);
  const x = padded(graph, inputs[0] as Value, window.padding, LOWEST);
  const attributes = { T: { type: 'float' }, ...attributesOf(window), data_format: { text: 'NHWC' } } as const;
  return graph.node('MaxPool', [x], attributes, { shape: pooledShape(expr.shape), layout: 'nhwc' });
}

/** Where each maximum lies in the padded images, flattened; the first of equals. */
function positions(context: EmissionContext): { readonly at: Value; readonly shape: readonly number[] } {
  const { graph, inputs } = context;
  const window = windowOf(context);
  const x = padded(graph, inputs[0] as Value, window.padding, LOWEST);
  const [n, height, width, c] = x.shape as [number, number, number, number];
  const shape = [
    n,
    Math.floor((height - window.size[0]) / window.strides[0]) + 1,
    Math.floor((width - window.size[1]) / window.strides[1]) + 1,
    c,
  ];
  const attributes = {
    T: { type: 'float' },
    Targmax: { type: 'int64' },
    ...attributesOf(window),
    include_batch_in_index: { flag: true },
  } as const;
  const found = graph.node('MaxPoolWithArgmax', [x], attributes, { shape, type: 'int64', layout: 'nhwc' }, 1);
  return { at: castTo(graph, found, 'int32'), shape: x.shape };
}

function maxPoolGrad(context: EmissionContext): Value {
  const { graph, expr, inputs } = context;
  const { at, shape } = positions(context);
  const g = graph.nhwc(inputs[1] as Value);
  const count = sizeOf(g.shape);
  const sums = segmentSum(graph, graph.reshape(g, [count]), graph.reshape(at, [count]), sizeOf(shape));
  return cut(graph, graph.reshape(sums, shape, 'nhwc'), windowOf(context).padding, expr.shape);
}

function maxPoolPick(context: EmissionContext): Value {
  const { graph, inputs } = context;
  const { at } = positions(context);
  const values = padded(graph, inputs[1] as Value, windowOf(context).padding, 0);
  const flat = graph.reshape(values, [sizeOf(values.shape)]);
  const count = sizeOf(at.shape);
  return graph.reshape(gatherAlong(graph, flat, graph.reshape(at, [count]), 0), at.shape, 'nhwc');
}

export const pooling: Readonly<Record<string, Emission>> = { avgPool, avgPoolGrad, maxPool, maxPoolGrad, maxPoolPick };
