/** Operations that only move elements. */
import { numberAttr, numbersAttr } from '../../../ops/attrs.ts';
import type { Value } from '../builder.ts';
import { axisIn, type Emission, type EmissionContext, inOrderOf, plainly } from './emission.ts';

function broadcastTo({ graph, expr, inputs }: EmissionContext): Value {
  const [x] = inputs as [Value];
  const shape = inOrderOf(x, expr.shape);
  const attributes = { T: { type: x.type }, Tidx: { type: 'int32' } } as const;
  return graph.node('BroadcastTo', [x, graph.ints(shape)], attributes, { shape, layout: x.layout });
}

function slice({ graph, expr, inputs }: EmissionContext): Value {
  const [x] = inputs as [Value];
  const of = (name: string) => inOrderOf(x, numbersAttr(expr.attrs, name));
  return graph.slice(x, of('starts'), of('sizes'), of('steps'));
}

function pad({ graph, expr, inputs }: EmissionContext): Value {
  const [x] = inputs as [Value];
  const of = (name: string) => inOrderOf(x, numbersAttr(expr.attrs, name));
  return graph.pad(x, of('low'), of('high'), numberAttr(expr.attrs, 'value'));
}

function concat({ graph, expr, inputs }: EmissionContext): Value {
  const full = inputs.filter((_, index) => !expr.inputs[index]?.shape.includes(0));
  const parts = full.some((value) => value.layout === 'nhwc') ? full.map((value) => graph.nhwc(value)) : full;
  const [first] = parts as [Value];
  if (parts.length === 1) return first;
  const axis = graph.ints([axisIn(first, numberAttr(expr.attrs, 'axis'))], []);
  const attributes = { T: { type: first.type }, N: { int: parts.length }, Tidx: { type: 'int32' } } as const;
  const shape = inOrderOf(first, expr.shape);
  return graph.node('ConcatV2', [...parts, axis], attributes, { shape, type: first.type, layout: first.layout });
}

function reverse({ graph, expr, inputs }: EmissionContext): Value {
  const [x] = inputs as [Value];
  const axes = numbersAttr(expr.attrs, 'axes').map((axis) => axisIn(x, axis));
  if (axes.length === 0) return x;
  const attributes = { T: { type: x.type }, Tidx: { type: 'int32' } } as const;
  return graph.node('ReverseV2', [x, graph.ints(axes)], attributes, { shape: x.shape, layout: x.layout });
}

export const shape: Readonly<Record<string, Emission>> = {
  reshape: plainly(({ graph, expr, inputs }) => graph.reshape(inputs[0] as Value, expr.shape)),
  transpose: plainly(({ graph, expr, inputs }) => graph.transpose(inputs[0] as Value, numbersAttr(expr.attrs, 'perm'))),
  broadcastTo: (context) => {
    const [x] = context.inputs as [Value];
    return x.layout === 'nhwc' && context.expr.shape.length === 4
      ? broadcastTo(context)
      : plainly(broadcastTo)(context);
  },
  slice,
  pad,
  concat,
  reverse,
};
