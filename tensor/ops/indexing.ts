/** Reading and adding at positions. An index outside its axis is an error of the caller and throws at evaluation. */
import type { Expr } from '../expr.ts';
import type { Shape, Tensor } from '../tensor.ts';
import { axisAttr, numberAttr } from './attrs.ts';
import { gather as gathered, putAlong as putBack, scatterAdd as scattered, takeAlong as taken } from './builders.ts';
import { at, commonDType, type OpDefinition, type OpFamily, reject, sameShape } from './definition.ts';
import { allocate, around, tensorOf } from './layout.ts';

const anything = ['float', 'int', 'bool'] as const;
const numbers = ['float', 'int'] as const;

function indicesOf(inputs: readonly Expr[]): Expr {
  const indices = at(inputs, 1);
  return indices.dtype === 'int' ? indices : reject('the indices have to be int');
}

function sizeAttr(attrs: Expr['attrs']): number {
  const size = numberAttr(attrs, 'size');
  return Number.isInteger(size) && size >= 0 ? size : reject(`size has to be a length, got ${size}`);
}

function withLength(shape: Shape, axis: number, ...lengths: readonly number[]): Shape {
  return [...shape.slice(0, axis), ...lengths, ...shape.slice(axis + 1)];
}

function checked(index: number, length: number): number {
  if (index < 0 || index >= length) throw new Error(`Expected an index in 0..${length - 1}, got ${index}`);
  return index;
}

const gather: OpDefinition = {
  arity: 2,
  infer(inputs, attrs) {
    const { shape } = at(inputs, 0);
    const dtype = commonDType(inputs.slice(0, 1), anything);
    return { shape: withLength(shape, axisAttr(attrs, shape), ...indicesOf(inputs).shape), dtype };
  },
  derivative(node, g, index) {
    const axis = numberAttr(node.attrs, 'axis');
    const [x, indices] = [at(node.inputs, 0), at(node.inputs, 1)];
    return index === 0 ? scattered(g, indices, axis, at(x.shape, axis)) : undefined;
  },
  evaluate(inputs, attrs, out) {
    const [x, indices] = [at(inputs, 0), at(inputs, 1)];
    const [before, length, after] = around(x.shape, axisAttr(attrs, x.shape));
    const count = indices.data.length;
    const result = allocate(out);
    for (let outer = 0; outer < before; outer++) {
      for (let place = 0; place < count; place++) {
        const from = (outer * length + checked(indices.data[place]!, length)) * after;
        result.set(x.data.subarray(from, from + after), (outer * count + place) * after);
      }
    }
    return tensorOf(out, result);
  },
};

const scatterAdd: OpDefinition = {
  arity: 2,
  infer(inputs, attrs) {
    const dtype = commonDType(inputs.slice(0, 1), numbers);
    const { shape } = at(inputs, 0);
    const indices = indicesOf(inputs).shape;
    const axis = numberAttr(attrs, 'axis');
    const rank = shape.length - indices.length + 1;
    if (!Number.isInteger(axis) || axis < 0 || axis >= rank) reject(`the axis ${axis} is not one of ${rank}`);
    const fits = indices.every((length, place) => shape[axis + place] === length);
    if (!fits) reject(`the updates do not hold the shape of the indices from axis ${axis} on`);
    return { shape: [...shape.slice(0, axis), sizeAttr(attrs), ...shape.slice(axis + indices.length)], dtype };
  },
  derivative(node, g, index) {
    return index === 0 ? gathered(g, at(node.inputs, 1), numberAttr(node.attrs, 'axis')) : undefined;
  },
  evaluate(inputs, attrs, out) {
    const [updates, indices] = [at(inputs, 0), at(inputs, 1)];
    const [before, length, after] = around(out.shape, axisAttr(attrs, out.shape));
    const count = indices.data.length;
    const result = allocate(out);
    for (let outer = 0; outer < before; outer++) {
      for (let place = 0; place < count; place++) {
        const to = (outer * length + checked(indices.data[place]!, length)) * after;
        const from = (outer * count + place) * after;
        for (let inner = 0; inner < after; inner++) result[to + inner]! += updates.data[from + inner]!;
      }
    }
    return tensorOf(out, result);
  },
};

/** For each element of `indices`: its offset there, and the offset in a tensor whose `axis` has length `length`. */
function eachAlong(indices: Tensor, axis: number, length: number, visit: (here: number, there: number) => void): void {
  const [before, count, after] = around(indices.shape, axis);
  for (let outer = 0; outer < before; outer++) {
    for (let place = 0; place < count; place++) {
      for (let inner = 0; inner < after; inner++) {
        const here = (outer * count + place) * after + inner;
        visit(here, (outer * length + checked(indices.data[here]!, length)) * after + inner);
      }
    }
  }
}

/** Indices of the rank of `shape`, equal to it in all axes but `axis`. */
function requireAlong(indices: Shape, shape: Shape, axis: number): void {
  const fits = indices.length === shape.length && indices.every((length, i) => i === axis || length === shape[i]);
  if (!fits) reject(`the shapes differ in more than axis ${axis}`);
}

const takeAlong: OpDefinition = {
  arity: 2,
  infer(inputs, attrs) {
    const { shape } = at(inputs, 0);
    const dtype = commonDType(inputs.slice(0, 1), anything);
    requireAlong(indicesOf(inputs).shape, shape, axisAttr(attrs, shape));
    return { shape: indicesOf(inputs).shape, dtype };
  },
  derivative(node, g, index) {
    const axis = numberAttr(node.attrs, 'axis');
    return index === 0 ? putBack(g, at(node.inputs, 1), axis, at(at(node.inputs, 0).shape, axis)) : undefined;
  },
  evaluate(inputs, attrs, out) {
    const [x, indices] = [at(inputs, 0), at(inputs, 1)];
    const axis = axisAttr(attrs, x.shape);
    const result = allocate(out);
    eachAlong(indices, axis, at(x.shape, axis), (here, there) => {
      result[here] = x.data[there]!;
    });
    return tensorOf(out, result);
  },
};

const putAlong: OpDefinition = {
  arity: 2,
  infer(inputs, attrs) {
    const { shape } = at(inputs, 0);
    const dtype = commonDType(inputs.slice(0, 1), numbers);
    const axis = axisAttr(attrs, shape);
    if (!sameShape(indicesOf(inputs).shape, shape)) reject('the updates and the indices differ in shape');
    return { shape: withLength(shape, axis, sizeAttr(attrs)), dtype };
  },
  derivative(node, g, index) {
    return index === 0 ? taken(g, at(node.inputs, 1), numberAttr(node.attrs, 'axis')) : undefined;
  },
  evaluate(inputs, attrs, out) {
    const [updates, indices] = [at(inputs, 0), at(inputs, 1)];
    const axis = axisAttr(attrs, out.shape);
    const result = allocate(out);
    eachAlong(indices, axis, at(out.shape, axis), (here, there) => {
      result[there]! += updates.data[here]!;
    });
    return tensorOf(out, result);
  },
};

export const indexing: OpFamily = { gather, scatterAdd, takeAlong, putAlong };
