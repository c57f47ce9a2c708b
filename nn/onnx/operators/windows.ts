/** The geometry of ONNX windows (`auto_pad`, `ceil_mode`), and pooling, which is made of it. */
import { constant, type Expr } from '../../../tensor/expr.ts';
import * as op from '../../../tensor/ops/index.ts';
import { floats, type Shape } from '../../../tensor/tensor.ts';
import { type NodeReader, type Translation, untranslatable } from '../node.ts';

export function requireImages(x: Expr): Expr {
  return x.shape.length === 4 ? x : untranslatable(`it takes images [N, C, H, W], got [${x.shape}]`);
}

export function pairOf(values: readonly number[] | undefined, otherwise: number): readonly [number, number] {
  if (!values) return [otherwise, otherwise];
  const [down, across] = values;
  if (values.length !== 2 || down === undefined || across === undefined) untranslatable(`it is not two-dimensional`);
  return bounded([down, across]);
}

/** Far above any real window; keeps what is built for one small whatever a file says. */
const LARGEST = 2 ** 14;

function bounded<T extends readonly number[]>(extents: T): T {
  return extents.every((extent) => extent >= 0 && extent <= LARGEST)
    ? extents
    : untranslatable(`its windows have the extents [${extents}], not all from 0 to ${LARGEST}`);
}

type Padding = readonly [top: number, left: number, bottom: number, right: number];

/** `reach` is how far a window stretches down and across. */
export function paddingOf(
  node: NodeReader,
  images: Shape,
  reach: readonly number[],
  strides: readonly [number, number],
): Padding {
  const rule = node.string('auto_pad', 'NOTSET');
  if (rule === 'VALID') return [0, 0, 0, 0];
  if (rule === 'SAME_UPPER' || rule === 'SAME_LOWER') {
    const axes = ([0, 1] as const).map((axis) => {
      const [extent = 0, stride, size = 1] = [images[2 + axis], strides[axis], reach[axis]];
      const total = Math.max(0, (Math.ceil(extent / stride) - 1) * stride + size - extent);
      const less = Math.floor(total / 2);
      return rule === 'SAME_UPPER' ? [less, total - less] : [total - less, less];
    });
    const [[top = 0, bottom = 0] = [], [left = 0, right = 0] = []] = axes;
    return [top, left, bottom, right];
  }
  if (rule !== 'NOTSET') untranslatable(`it pads by the unknown rule ${rule}`);
  const pads = node.ints('pads') ?? [0, 0, 0, 0];
  const [top, left, bottom, right] = pads;
  if (pads.length !== 4 || top === undefined || left === undefined || bottom === undefined || right === undefined) {
    untranslatable(`it pads by [${pads}]`);
  }
  return bounded([top, left, bottom, right] as const);
}

interface PoolGeometry {
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly padding: Padding;
  /** With what a last window sticks out when counts are rounded up. */
  readonly extended: Padding;
}

function poolGeometry(node: NodeReader, x: Expr): PoolGeometry {
  if (pairOf(node.ints('dilations'), 1).some((step) => step !== 1)) untranslatable('it pools with gaps');
  const size = pairOf(node.ints('kernel_shape'), 1);
  const strides = pairOf(node.ints('strides'), 1);
  const padding = paddingOf(node, x.shape, size, strides);
  if (node.int('ceil_mode', 0) === 0) return { size, strides, padding, extended: padding };
  const more = ([0, 1] as const).map((axis) => {
    const [before, after] = [padding[axis], padding[axis + 2] ?? 0];
    const extent = x.shape[2 + axis] ?? 0;
    const covered = extent + before + after - size[axis];
    let count = Math.ceil(covered / strides[axis]) + 1;
    // A window that begins in the padding behind the image is none.
    if ((count - 1) * strides[axis] >= extent + before) count--;
    return Math.max(0, (count - 1) * strides[axis] - covered);
  });
  const [top, left, bottom, right] = padding;
  return { size, strides, padding, extended: [top, left, bottom + (more[0] ?? 0), right + (more[1] ?? 0)] };
}

function maxPool(node: NodeReader): Expr {
  const x = requireImages(node.x(0));
  const { size, strides, extended } = poolGeometry(node, x);
  return op.maxPool(x, { size, strides, padding: extended });
}

/** For each window along an axis: how many of its places lie in [first, end). */
function countsAlong(windows: number, stride: number, size: number, before: number, first: number, end: number) {
  return Array.from({ length: windows }, (_, index) => {
    const start = index * stride - before;
    return Math.max(0, Math.min(end, start + size) - Math.max(first, start));
  });
}

function averagePool(node: NodeReader): Expr {
  const x = requireImages(node.x(0));
  const { size, strides, padding, extended } = poolGeometry(node, x);
  const mean = op.avgPool(x, { size, strides, padding: extended });
  const counted = node.int('count_include_pad', 0) === 1;
  const area = size[0] * size[1];
  const along = (axis: 0 | 1) => {
    const [before, after] = counted ? [padding[axis], padding[axis + 2] ?? 0] : [0, 0];
    const extent = x.shape[2 + axis] ?? 0;
    const windows = mean.shape[2 + axis] ?? 0;
    return countsAlong(windows, strides[axis], size[axis], padding[axis], -before, extent + after);
  };
  const [down, across] = [along(0), along(1)];
  if (down.every((count) => count === size[0]) && across.every((count) => count === size[1])) return mean;
  const factors = down.flatMap((rows) => across.map((columns) => area / Math.max(1, rows * columns)));
  return op.mul(mean, constant(floats(factors, [1, 1, down.length, across.length])));
}

const globally =
  (reduce: (x: Expr, options: { axes: readonly number[]; keepDims: boolean }) => Expr): Translation =>
  (node) => {
    const x = node.x(0);
    return reduce(x, { axes: x.shape.map((_, axis) => axis).slice(2), keepDims: true });
  };

export const windows: Readonly<Record<string, Translation>> = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: globally(op.mean),
  GlobalMaxPool: globally(op.reduceMax),
};
