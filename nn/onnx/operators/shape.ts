/**
 * ONNX operators that arrange elements. What they compute of shapes is known when the graph is built and folded away.
 */
import { constant, type Expr } from '../../../tensor/expr.ts';
import * as op from '../../../tensor/ops/index.ts';
import { bools, floats, ints, type Shape, sizeOf } from '../../../tensor/tensor.ts';
import { followBatch } from '../fixed-batch.ts';
import { type NodeReader, placeOf, type Translation, untranslatable, wholeNumbers } from '../node.ts';

/** The most elements of a list that is made while the graph is built. */
const LONGEST = 4096;
/** The most pixels of a side that is made by resizing. */
const LARGEST_SIDE = 2 ** 14;

function reshaped(node: NodeReader): Expr {
  const x = node.x(0);
  const target = node.numbersOrAttribute(1, 'shape') ?? untranslatable('its shape is missing');
  const kept =
    node.int('allowzero', 0) === 1
      ? target
      : target.map((extent, axis) => (extent === 0 ? (x.shape[axis] ?? 0) : extent));
  if (kept.filter((extent) => extent === -1).length > 1) untranslatable(`its shape [${kept}] leaves two extents open`);
  return op.reshape(x, followBatch(node.node, x.shape, kept, node.notes));
}

function flattened(node: NodeReader): Expr {
  const x = node.x(0);
  const axis = node.int('axis', 1);
  const place = axis < 0 ? axis + x.shape.length : axis;
  return op.reshape(x, [sizeOf(x.shape.slice(0, place)), sizeOf(x.shape.slice(place))]);
}

function concatenated(node: NodeReader): Expr {
  const parts = node.inputs.map((_, index) => node.x(index));
  const axis = placeOf(node.int('axis', 0), parts[0]?.shape.length ?? 0);
  if (node.notes.fixedBatch !== 1) return op.concat(parts, axis);
  // A token that the file has for its one image is every image's.
  const { batch } = node.notes;
  const stretched = (part: Expr) =>
    part.shape.map((extent, place) =>
      place !== axis && extent === 1 && parts.some(({ shape }) => shape[place] === batch) ? batch : extent,
    );
  return op.concat(
    parts.map((part) => op.broadcastTo(part, stretched(part))),
    axis,
  );
}

function splitUp(node: NodeReader): readonly Expr[] {
  const x = node.x(0);
  const axis = placeOf(node.int('axis', 0), x.shape.length);
  const extent = x.shape[axis] ?? 0;
  const count = node.node.outputs.length;
  const even = Math.ceil(extent / count);
  const sizes =
    node.numbersOrAttribute(1, 'split') ??
    Array.from({ length: count }, (_, index) => Math.max(0, Math.min(even, extent - index * even)));
  if (sizes.length > LONGEST) untranslatable(`it makes ${sizes.length} parts`);
  if (sizes.reduce((total, size) => total + size, 0) !== extent)
    untranslatable(`its parts [${sizes}] are not ${extent}`);
  return op.split(x, sizes, axis);
}

function sliced(node: NodeReader): Expr {
  let x = node.x(0);
  const starts = node.numbersOrAttribute(1, 'starts') ?? [];
  const ends = node.numbersOrAttribute(2, 'ends') ?? [];
  const axes = node.numbersOrAttribute(3, 'axes') ?? starts.map((_, axis) => axis);
  const steps = node.numbers(4) ?? starts.map(() => 1);
  for (const [index, one] of axes.entries()) {
    const axis = placeOf(one, x.shape.length);
    const extent = x.shape[axis] ?? 0;
    const [start = 0, end = extent, step = 1] = [starts[index], ends[index], steps[index]];
    const at = (position: number, least: number, most: number) =>
      Math.min(most, Math.max(least, position < 0 ? position + extent : position));
    if (step < 1) {
      if (step !== -1) untranslatable(`it steps by ${step}`);
      const [first, last] = [at(start, -1, extent - 1), at(end, -1, extent - 1)];
      x = op.reverse(op.sliceAlong(x, axis, last + 1, Math.max(0, first - last)), [axis]);
    } else {
      const [first, last] = [at(start, 0, extent), at(end, 0, extent)];
      const size = Math.max(0, Math.ceil((last - first) / step));
      x = size === 0 ? op.sliceAlong(x, axis, 0, 0) : op.sliceAlong(x, axis, first, size, step);
    }
  }
  return x;
}

function gathered(node: NodeReader): Expr {
  const x = node.x(0);
  const axis = placeOf(node.int('axis', 0), x.shape.length);
  const extent = x.shape[axis] ?? 0;
  const places = node.inputs[1]?.known;
  if (!places) return op.gather(x, node.x(1), axis);
  const counted = Array.from(places.data, (place) => (place < 0 ? place + extent : place));
  const outside = counted.find((place) => place < 0 || place >= extent);
  if (outside !== undefined) untranslatable(`it reads at ${outside} of ${extent}`);
  return op.gather(x, wholeNumbers(counted, places.shape), axis);
}

function unsqueezed(node: NodeReader): Expr {
  let x = node.x(0);
  const axes = node.numbersOrAttribute(1, 'axes') ?? untranslatable('its axes are missing');
  const rank = x.shape.length + axes.length;
  for (const axis of axes.map((one) => placeOf(one, rank)).sort((a, b) => a - b)) x = op.expandDims(x, axis);
  return x;
}

function squeezed(node: NodeReader): Expr {
  const x = node.x(0);
  const named = node.numbersOrAttribute(1, 'axes')?.map((axis) => placeOf(axis, x.shape.length));
  const axes = named ?? x.shape.flatMap((extent, axis) => (extent === 1 ? [axis] : []));
  if (axes.some((axis) => x.shape[axis] !== 1)) untranslatable(`the axes [${axes}] of [${x.shape}] are not all 1`);
  return op.squeeze(x, axes);
}

function expanded(node: NodeReader): Expr {
  const x = node.x(0);
  const target = node.numbers(1) ?? untranslatable('its shape is missing');
  const rank = Math.max(x.shape.length, target.length);
  const full = (shape: Shape) => [...new Array<number>(rank - shape.length).fill(1), ...shape];
  const [from, to] = [full(x.shape), full(target)];
  return op.broadcastTo(
    op.reshape(x, from),
    from.map((extent, axis) => (extent === 1 ? (to[axis] ?? 1) : extent)),
  );
}

function padded(node: NodeReader): Expr {
  const x = node.x(0);
  const rank = x.shape.length;
  const given = node.numbersOrAttribute(1, 'pads') ?? untranslatable('its widths are missing');
  const axes = (node.numbers(3) ?? x.shape.map((_, axis) => axis)).map((axis) => placeOf(axis, rank));
  const low = new Array<number>(rank).fill(0);
  const high = new Array<number>(rank).fill(0);
  for (const [index, axis] of axes.entries()) {
    low[axis] = given[index] ?? 0;
    high[axis] = given[axes.length + index] ?? 0;
  }
  const mode = node.string('mode', 'constant');
  if (mode === 'constant') {
    return op.pad(x, { low, high, value: node.numbers(2)?.[0] ?? node.float('value', 0) });
  }
  const outer = [...low.slice(0, -2), ...high.slice(0, -2)];
  if (mode !== 'reflect' || rank < 2 || outer.some((width) => width !== 0))
    untranslatable(`it pads by the rule ${mode}`);
  return op.padReflect(x, [low.at(-2) ?? 0, low.at(-1) ?? 0, high.at(-2) ?? 0, high.at(-1) ?? 0]);
}

/** Bilinear between pixel centres, and nearest by whole steps: what exporters write for `F.interpolate`. */
function resized(node: NodeReader): Expr {
  const x = node.x(0);
  const [, , height = 0, width = 0] = x.shape;
  const given = (index: number) => {
    const values = node.numbers(index);
    return values?.length === 4 ? values : undefined;
  };
  const [scales, sizes] = node.opset < 11 ? [given(1), undefined] : [given(2), given(3)];
  const size = [2, 3].map((axis) => sizes?.[axis] ?? Math.floor((x.shape[axis] ?? 0) * (scales?.[axis] ?? 1)));
  const [rows = height, columns = width] = size;
  if (size.some((side) => !(side >= 1 && side <= LARGEST_SIDE))) {
    untranslatable(`it resizes to [${size}], not to sides from 1 to ${LARGEST_SIDE}`);
  }
  const mode = node.string('mode', 'nearest');
  const centres = node.string('coordinate_transformation_mode', 'half_pixel');
  if (mode === 'linear' && ['half_pixel', 'pytorch_half_pixel'].includes(centres)) {
    return op.resizeBilinear(x, [rows, columns], { antialias: node.int('antialias', 0) === 1 });
  }
  const wholeSteps = rows % height === 0 && columns % width === 0;
  if (mode === 'nearest' && (wholeSteps || centres === 'asymmetric')) return op.resizeNearest(x, [rows, columns]);
  return untranslatable(`it resizes by the rules ${mode} and ${centres}`);
}

function shapeOf(node: NodeReader): Expr {
  const { shape } = node.x(0);
  const from = node.int('start', 0);
  return wholeNumbers(shape.slice(from, node.node.attributes.get('end')?.int));
}

function constantOf(node: NodeReader): Expr {
  const { attributes } = node.node;
  const value = node.tensor('value');
  if (value) return constant(value);
  const [int, float] = [attributes.get('value_int')?.int, attributes.get('value_float')?.float];
  const [many, reals] = [attributes.get('value_ints')?.ints, attributes.get('value_floats')?.floats];
  if (int !== undefined) return wholeNumbers([int], []);
  if (float !== undefined) return constant(floats([float], []));
  if (many) return wholeNumbers(many);
  return reals ? constant(floats(reals)) : untranslatable('its value is of an unknown kind');
}

function filled(node: NodeReader): Expr {
  const shape = node.numbers(0) ?? [];
  const value = node.tensor('value');
  const one = value?.data[0] ?? 0;
  const single =
    value?.dtype === 'int' ? ints([one], []) : value?.dtype === 'bool' ? bools([one], []) : floats([one], []);
  return op.broadcastTo(constant(single), shape);
}

function range(node: NodeReader): Expr {
  const [start = 0] = node.numbers(0) ?? [];
  const [limit = 0] = node.numbers(1) ?? [];
  const [delta = 1] = node.numbers(2) ?? [];
  const length = Math.max(0, Math.ceil((limit - start) / delta));
  if (!(length <= LONGEST)) untranslatable(`it counts ${length} steps`);
  const values = Array.from({ length }, (_, index) => start + index * delta);
  return node.x(0).dtype === 'int' ? wholeNumbers(values) : constant(floats(values));
}

export const shape: Readonly<Record<string, Translation>> = {
  Reshape: reshaped,
  Flatten: flattened,
  Transpose: (node) => op.transpose(node.x(0), node.ints('perm')),
  Concat: concatenated,
  Split: splitUp,
  Slice: sliced,
  Gather: gathered,
  Squeeze: squeezed,
  Unsqueeze: unsqueezed,
  Expand: expanded,
  Pad: padded,
  Resize: resized,
  Upsample: resized,
  Shape: shapeOf,
  Size: (node) => wholeNumbers([sizeOf(node.x(0).shape)], []),
  Constant: constantOf,
  ConstantOfShape: filled,
  Range: range,
};
