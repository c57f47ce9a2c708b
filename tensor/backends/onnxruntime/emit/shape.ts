/** Operations that only move elements. */
import { numberAttr, numbersAttr } from '../../../ops/attrs.ts';
import type { Value } from '../builder.ts';
import type { Emission, EmissionContext } from './emission.ts';

function slice({ graph, expr, inputs }: EmissionContext): Value {
  const starts = numbersAttr(expr.attrs, 'starts');
  const sizes = numbersAttr(expr.attrs, 'sizes');
  const steps = numbersAttr(expr.attrs, 'steps');
  const lengths = expr.inputs[0]!.shape;
  const axes = starts.map((_, axis) => axis).filter((axis) => starts[axis] !== 0 || sizes[axis] !== lengths[axis]);
  if (axes.length === 0) return inputs[0]!;
  return graph.slice(
    inputs[0]!,
    axes,
    axes.map((axis) => starts[axis]!),
    axes.map((axis) => starts[axis]! + (sizes[axis]! - 1) * steps[axis]! + 1),
    axes.map((axis) => steps[axis]!),
  );
}

function pad({ graph, expr, inputs }: EmissionContext): Value {
  const pads = graph.longs([...numbersAttr(expr.attrs, 'low'), ...numbersAttr(expr.attrs, 'high')]);
  const fill = numberAttr(expr.attrs, 'value');
  const shape: number[] = [];
  const value =
    expr.dtype === 'float'
      ? graph.scalar(fill)
      : expr.dtype === 'int'
        ? graph.ints([fill], shape)
        : graph.tensor({ dtype: 'bool', shape, data: Uint8Array.of(fill ? 1 : 0) });
  return graph.node('Pad', [inputs[0]!, pads, value], { mode: 'constant' });
}

export const shape: Readonly<Record<string, Emission>> = {
  reshape: ({ graph, expr, inputs }) => graph.reshape(inputs[0]!, expr.shape),
  transpose: ({ graph, expr, inputs }) => graph.transpose(inputs[0]!, numbersAttr(expr.attrs, 'perm')),
  broadcastTo: ({ graph, expr, inputs }) => graph.node('Expand', [inputs[0]!, graph.longs(expr.shape)]),
  slice,
  pad,
  concat: ({ graph, expr, inputs }) => {
    const parts = inputs.filter((_, index) => !expr.inputs[index]!.shape.includes(0));
    return parts.length === 1 ? parts[0]! : graph.node('Concat', parts, { axis: numberAttr(expr.attrs, 'axis') });
  },
  reverse: ({ graph, expr, inputs }) => graph.flip(inputs[0]!, numbersAttr(expr.attrs, 'axes')),
};
