/**
 * Matrix products, convolution and its two adjoints, in TensorFlow's own kernels. Images lie channels last, filters as
 * [kh, kw, in, out]. Padding is `SAME` or `VALID` where it means the same as ours, since those have the fastest kernels;
 * otherwise zeros are added around the images first. Groups are taken apart, but for those of one channel each, and dilated
 * filters written out with their zeros for the adjoints, which have no kernel for either.
 */
import { flagAttr, numberAttr, numbersAttr } from '../../../ops/attrs.ts';
import type { GraphBuilder, Value } from '../builder.ts';
import type { NodeAttribute } from '../graph-def.ts';
import { depthwiseFilters, fromDepthwiseFilters, isDepthwise } from './depthwise.ts';
import { type Emission, type EmissionContext, plainly } from './emission.ts';

function matmul({ graph, expr, inputs }: EmissionContext): Value {
  const [a] = inputs as [Value];
  const transA = { flag: flagAttr(expr.attrs, 'transA') };
  const transB = { flag: flagAttr(expr.attrs, 'transB') };
  const { shape } = expr;
  if (inputs.every((side) => side.shape.length === 2)) {
    const attributes = { T: { type: a.type }, transpose_a: transA, transpose_b: transB };
    return graph.node('MatMul', inputs, attributes, { shape });
  }
  return graph.node('BatchMatMulV2', inputs, { T: { type: a.type }, adj_x: transA, adj_y: transB }, { shape });
}

interface Geometry {
  readonly strides: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly padding: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
  readonly groups: number;
}

function geometryOf({ expr }: EmissionContext): Geometry {
  return {
    strides: numbersAttr(expr.attrs, 'strides') as Geometry['strides'],
    padding: numbersAttr(expr.attrs, 'padding') as Geometry['padding'],
    dilations: numbersAttr(expr.attrs, 'dilations') as Geometry['dilations'],
    groups: numberAttr(expr.attrs, 'groups'),
  };
}

/** OIHW ↔ HWIO. */
const TO_HWIO = [2, 3, 1, 0] as const;
const TO_OIHW = [3, 2, 0, 1] as const;

/** Stride 1 and zeros that keep the extent: what `SAME` means. */
function isSame({ strides, padding }: Geometry, kernel: readonly [number, number]): boolean {
  const odd = kernel.every((length) => length % 2 === 1);
  const [row, column] = [(kernel[0] - 1) / 2, (kernel[1] - 1) / 2];
  return odd && strides.every((stride) => stride === 1) && padding.join() === [row, column, row, column].join();
}

/** Images with the zeros that `VALID` needs around them; `cut` undoes it. */
function padded(graph: GraphBuilder, x: Value, [top, left, bottom, right]: Geometry['padding']): Value {
  return graph.pad(x, [0, top, left, 0], [0, bottom, right, 0]);
}

function cut(graph: GraphBuilder, x: Value, [top, left]: Geometry['padding'], height: number, width: number): Value {
  const [n, , , c] = x.shape as [number, number, number, number];
  return graph.slice(x, [0, top, left, 0], [n, height, width, c]);
}

function convAttributes(
  { strides }: Geometry,
  dilations: readonly [number, number],
  same: boolean,
): Record<string, NodeAttribute> {
  return {
    T: { type: 'float' },
    strides: { ints: [1, ...strides, 1] },
    dilations: { ints: [1, ...dilations, 1] },
    padding: { text: same ? 'SAME' : 'VALID' },
    data_format: { text: 'NHWC' },
  };
}

/** Channel range `group` of `groups` along the last axis. */
function channelsOf(graph: GraphBuilder, x: Value, axis: number, group: number, groups: number): Value {
  const share = (x.shape[axis] as number) / groups;
  const starts = x.shape.map((_, index) => (index === axis ? group * share : 0));
  const sizes = x.shape.map((length, index) => (index === axis ? share : length));
  return graph.slice(x, starts, sizes);
}

/** One part a group, put together along `axis`. */
function byGroups(graph: GraphBuilder, groups: number, axis: number, part: (group: number) => Value): Value {
  if (groups === 1) return part(0);
  const parts = Array.from({ length: groups }, (_, group) => part(group));
  const [first] = parts as [Value];
  const shape = first.shape.map((length, index) => (index === axis ? length * groups : length));
  const attributes = { T: { type: first.type }, N: { int: groups }, Tidx: { type: 'int32' } } as const;
  return graph.node('ConcatV2', [...parts, graph.ints([axis], [])], attributes, { shape, layout: first.layout });
}

function conv2d(context: EmissionContext): Value {
  const { graph, expr, inputs } = context;
  const geometry = geometryOf(context);
  const channels = expr.inputs[0]?.shape[1] ?? 0;
  const alone = isDepthwise(geometry, channels);
  const filters = alone
    ? depthwiseFilters(graph, inputs[1] as Value, channels)
    : graph.transpose(inputs[1] as Value, TO_HWIO);
  const reach = reachOf(filters, geometry.dilations);
  const same = isSame(geometry, [reach[0] + 1, reach[1] + 1]);
  const x = same ? graph.nhwc(inputs[0] as Value) : padded(graph, graph.nhwc(inputs[0] as Value), geometry.padding);
  const [n, o, height, width] = expr.shape as [number, number, number, number];
  const attributes = convAttributes(geometry, geometry.dilations, same);
  if (alone) {
    const shape = [n, height, width, o];
    return graph.node('DepthwiseConv2dNative', [x, filters], attributes, { shape, layout: 'nhwc' });
  }
  return byGroups(graph, geometry.groups, 3, (group) =>
    graph.node(
      'Conv2D',
      [channelsOf(graph, x, 3, group, geometry.groups), channelsOf(graph, filters, 3, group, geometry.groups)],
      attributes,
      { shape: [n, height, width, o / geometry.groups], layout: 'nhwc' },
    ),
  );
}

/** Extent of a filter beyond its first element, with the holes of its dilation. */
function reachOf(hwio: Value, dilations: readonly [number, number]): readonly [number, number] {
  const [kh, kw] = hwio.shape as [number, number];
  return [(kh - 1) * dilations[0], (kw - 1) * dilations[1]];
}

/** HWIO filters with their holes filled by zeros. */
function spread(graph: GraphBuilder, filters: Value, dilations: readonly [number, number]): Value {
  if (dilations.every((dilation) => dilation === 1)) return filters;
  const [kh, kw, i, o] = filters.shape as [number, number, number, number];
  const [dh, dw] = dilations;
  const apart = graph.pad(
    graph.reshape(filters, [kh, 1, kw, 1, i, o]),
    [0, 0, 0, 0, 0, 0],
    [0, dh - 1, 0, dw - 1, 0, 0],
  );
  const whole = graph.reshape(apart, [kh * dh, kw * dw, i, o]);
  return graph.slice(whole, [0, 0, 0, 0], [(kh - 1) * dh + 1, (kw - 1) * dw + 1, i, o]);
}

function conv2dInputGrad(context: EmissionContext): Value {
  const { graph, expr, inputs } = context;
  const geometry = geometryOf(context);
  const { groups, padding, dilations } = geometry;
  const g = graph.nhwc(inputs[0] as Value);
  const [n, c, height, width] = expr.shape as [number, number, number, number];
  const alone = isDepthwise(geometry, c);
  const filters = alone
    ? depthwiseFilters(graph, inputs[1] as Value, c)
    : spread(graph, graph.transpose(inputs[1] as Value, TO_HWIO), dilations);
  const same = isSame(geometry, filters.shape as unknown as [number, number]);
  const [top, left, bottom, right] = same ? [0, 0, 0, 0] : padding;
  const attributes = convAttributes(geometry, [1, 1], same);
  const of = (op: string, extent: readonly number[], filtered: Value, slope: Value) =>
    graph.node(op, [graph.ints(extent), filtered, slope], attributes, { shape: extent, type: 'float', layout: 'nhwc' });
  const [tall, wide] = [height + top + bottom, width + left + right];
  const whole = alone
    ? of('DepthwiseConv2dNativeBackpropInput', [n, tall, wide, c], filters, g)
    : byGroups(graph, groups, 3, (group) =>
        of(
          'Conv2DBackpropInput',
          [n, tall, wide, c / groups],
          channelsOf(graph, filters, 3, group, groups),
          channelsOf(graph, g, 3, group, groups),
        ),
      );
  return same ? whole : cut(graph, whole, padding, height, width);
}

function conv2dFilterGrad(context: EmissionContext): Value {
  const { graph, expr, inputs } = context;
  const geometry = geometryOf(context);
  const { groups, dilations } = geometry;
  const [o, i, kh, kw] = expr.shape as [number, number, number, number];
  const kernel = [(kh - 1) * dilations[0] + 1, (kw - 1) * dilations[1] + 1] as const;
  const same = isSame(geometry, kernel);
  const x = same ? graph.nhwc(inputs[0] as Value) : padded(graph, graph.nhwc(inputs[0] as Value), geometry.padding);
  const g = graph.nhwc(inputs[1] as Value);
  const attributes = convAttributes(geometry, [1, 1], same);
  if (isDepthwise(geometry, groups * i)) {
    const extent = [kh, kw, groups, o / groups];
    const op = 'DepthwiseConv2dNativeBackpropFilter';
    const slopes = graph.node(op, [x, graph.ints(extent), g], attributes, { shape: extent });
    return fromDepthwiseFilters(graph, slopes, expr.shape);
  }
  const extent = [...kernel, i, o / groups];
  const whole = byGroups(graph, groups, 3, (group) =>
    graph.node(
      'Conv2DBackpropFilter',
      [channelsOf(graph, x, 3, group, groups), graph.ints(extent), channelsOf(graph, g, 3, group, groups)],
      attributes,
      { shape: extent },
    ),
  );
  const taken = graph.slice(whole, [0, 0, 0, 0], [kh, kw, i, o], [dilations[0], dilations[1], 1, 1]);
  return graph.transpose(taken, TO_OIHW);
}

export const convolution: Readonly<Record<string, Emission>> = {
  matmul: plainly(matmul),
  conv2d,
  conv2dInputGrad,
  conv2dFilterGrad,
};
