/** Operations that move elements: each adjoint moves them back. */
import type { Expr } from '../expr.ts';
import { sizeOf } from '../tensor.ts';
import { sumTo } from './adjoint.ts';
import { axesAttr, axisAttr, countsAttr, numberAttr, numbersAttr } from './attrs.ts';
import {
  pad as padded,
  reshape as reshaped,
  reverse as reversed,
  slice as sliced,
  transpose as transposed,
} from './builders.ts';
import { at, commonDType, type OpDefinition, type OpFamily, reject } from './definition.ts';
import { allocate, around, broadcastStrides, offsetsOf, read, stridesOf, tensorOf } from './layout.ts';

const anything = ['float', 'int', 'bool'] as const;

const reshape: OpDefinition = {
  arity: 1,
  infer(inputs, attrs) {
    const { shape: from, dtype } = at(inputs, 0);
    const shape = numbersAttr(attrs, 'shape');
    if (shape.some((length) => !Number.isInteger(length) || length < 0) || sizeOf(shape) !== sizeOf(from)) {
      reject(`${sizeOf(from)} elements do not fill [${shape.join(', ')}]`);
    }
    return { shape, dtype };
  },
  derivative: (node, g) => reshaped(g, at(node.inputs, 0).shape),
  // Tensors are never changed, so the data are shared.
  evaluate: (inputs, _, out) => tensorOf(out, at(inputs, 0).data),
};

const transpose: OpDefinition = {
  arity: 1,
  infer(inputs, attrs) {
    const { shape, dtype } = at(inputs, 0);
    const perm = numbersAttr(attrs, 'perm');
    if (perm.length !== shape.length || shape.some((_, axis) => !perm.includes(axis))) {
      reject(`[${perm}] is no order of ${shape.length} axes`);
    }
    return { shape: perm.map((axis) => at(shape, axis)), dtype };
  },
  derivative(node, g) {
    const perm = numbersAttr(node.attrs, 'perm');
    return transposed(
      g,
      perm.map((_, axis) => perm.indexOf(axis)),
    );
  },
  evaluate(inputs, attrs, out) {
    const x = at(inputs, 0);
    const strides = stridesOf(x.shape);
    const perm = numbersAttr(attrs, 'perm').map((axis) => at(strides, axis));
    return read(x.data, offsetsOf(out.shape, perm), out);
  },
};

const broadcastTo: OpDefinition = {
  arity: 1,
  infer(inputs, attrs) {
    const { shape: from, dtype } = at(inputs, 0);
    const shape = numbersAttr(attrs, 'shape');
    const missing = shape.length - from.length;
    const fits = missing >= 0 && from.every((length, axis) => length === 1 || length === shape[axis + missing]);
    if (!fits) reject(`it does not broadcast to [${shape.join(', ')}]`);
    return { shape, dtype };
  },
  derivative: (node, g) => sumTo(g, at(node.inputs, 0).shape),
  evaluate(inputs, _, out) {
    const x = at(inputs, 0);
    return read(x.data, offsetsOf(out.shape, broadcastStrides(x.shape, out.shape)), out);
  },
};

const slice: OpDefinition = {
  arity: 1,
  infer(inputs, attrs) {
    const { shape, dtype } = at(inputs, 0);
    const starts = countsAttr(attrs, 'starts', shape.length, 0);
    const sizes = countsAttr(attrs, 'sizes', shape.length, 0);
    const steps = countsAttr(attrs, 'steps', shape.length, 1);
    for (const [axis, length] of shape.entries()) {
      const [start, size, step] = [at(starts, axis), at(sizes, axis), at(steps, axis)];
      const end = size === 0 ? start : start + (size - 1) * step + 1;
      if (end > length) reject(`axis ${axis} has ${length} elements, the slice from ${start} ends at ${end}`);
    }
    return { shape: sizes, dtype };
  },
  derivative: (node, g) => unsliced(g, node),
  evaluate(inputs, attrs, out) {
    const x = at(inputs, 0);
    const strides = stridesOf(x.shape);
    const [starts, steps] = [numbersAttr(attrs, 'starts'), numbersAttr(attrs, 'steps')];
    const start = starts.reduce((offset, from, axis) => offset + from * at(strides, axis), 0);
    const view = strides.map((stride, axis) => stride * at(steps, axis));
    return read(x.data, offsetsOf(out.shape, view, start), out);
  },
};

/** g put back between zeros: with a step s, each element is first followed by s - 1 zeros. */
function unsliced(g: Expr, { attrs, inputs }: Expr): Expr {
  const { shape } = at(inputs, 0);
  const starts = numbersAttr(attrs, 'starts');
  const steps = numbersAttr(attrs, 'steps');
  let value = g;
  for (const [axis, step] of steps.entries()) {
    const size = at(value.shape, axis);
    if (step === 1 || size <= 1) continue;
    const [before, after] = [value.shape.slice(0, axis), value.shape.slice(axis + 1)];
    const split = [...before, size, 1, ...after];
    const none = split.map(() => 0);
    const apart = padded(reshaped(value, split), {
      low: none,
      high: none.map((_, other) => (other === axis + 1 ? step - 1 : 0)),
    });
    const joined = reshaped(apart, [...before, size * step, ...after]);
    value = sliced(joined, {
      starts: joined.shape.map(() => 0),
      sizes: [...before, (size - 1) * step + 1, ...after],
    });
  }
  // An empty slice may start behind the last element.
  const low = starts.map((start, axis) => Math.min(start, at(shape, axis) - at(value.shape, axis)));
  const high = shape.map((length, axis) => length - at(low, axis) - at(value.shape, axis));
  return [...low, ...high].every((count) => count === 0) ? value : padded(value, { low, high });
}

const pad: OpDefinition = {
  arity: 1,
  infer(inputs, attrs) {
    const { shape, dtype } = at(inputs, 0);
    numberAttr(attrs, 'value');
    const low = countsAttr(attrs, 'low', shape.length, 0);
    const high = countsAttr(attrs, 'high', shape.length, 0);
    return { shape: shape.map((length, axis) => at(low, axis) + length + at(high, axis)), dtype };
  },
  derivative: (node, g) => sliced(g, { starts: numbersAttr(node.attrs, 'low'), sizes: at(node.inputs, 0).shape }),
  evaluate(inputs, attrs, out) {
    const x = at(inputs, 0);
    const strides = stridesOf(out.shape);
    const low = numbersAttr(attrs, 'low');
    const start = low.reduce((offset, count, axis) => offset + count * at(strides, axis), 0);
    const result = allocate(out).fill(numberAttr(attrs, 'value'));
    for (const [index, offset] of offsetsOf(x.shape, strides, start).entries()) result[offset] = x.data[index]!;
    return tensorOf(out, result);
  },
};

const concat: OpDefinition = {
  arity: 'any',
  infer(inputs, attrs) {
    if (inputs.length === 0) reject('there is nothing to join');
    const dtype = commonDType(inputs, anything);
    const { shape } = at(inputs, 0);
    const axis = axisAttr(attrs, shape);
    for (const part of inputs) {
      const fits = part.shape.length === shape.length && part.shape.every((n, i) => i === axis || n === shape[i]);
      if (!fits) reject(`the shapes differ in more than axis ${axis}`);
    }
    const length = inputs.reduce((total, part) => total + at(part.shape, axis), 0);
    return { shape: shape.map((n, i) => (i === axis ? length : n)), dtype };
  },
  derivative(node, g, index) {
    const axis = numberAttr(node.attrs, 'axis');
    const from = node.inputs.slice(0, index).reduce((total, part) => total + at(part.shape, axis), 0);
    return sliced(g, { starts: g.shape.map((_, i) => (i === axis ? from : 0)), sizes: at(node.inputs, index).shape });
  },
  evaluate(inputs, attrs, out) {
    const axis = axisAttr(attrs, out.shape);
    const [before, length, after] = around(out.shape, axis);
    const result = allocate(out);
    let from = 0;
    for (const part of inputs) {
      const row = at(part.shape, axis) * after;
      for (let outer = 0; outer < before; outer++) {
        result.set(part.data.subarray(outer * row, (outer + 1) * row), (outer * length + from) * after);
      }
      from += at(part.shape, axis);
    }
    return tensorOf(out, result);
  },
};

const reverse: OpDefinition = {
  arity: 1,
  infer(inputs, attrs) {
    const { shape, dtype } = at(inputs, 0);
    axesAttr(attrs, shape);
    return { shape, dtype };
  },
  derivative: (node, g) => reversed(g, numbersAttr(node.attrs, 'axes')),
  evaluate(inputs, attrs, out) {
    const x = at(inputs, 0);
    const strides = stridesOf(x.shape);
    let start = 0;
    for (const axis of axesAttr(attrs, x.shape)) {
      start += at(strides, axis) * Math.max(0, at(x.shape, axis) - 1);
      strides[axis] = -at(strides, axis);
    }
    return read(x.data, offsetsOf(out.shape, strides, start), out);
  },
};

export const shape: OpFamily = { reshape, transpose, broadcastTo, slice, pad, concat, reverse };
