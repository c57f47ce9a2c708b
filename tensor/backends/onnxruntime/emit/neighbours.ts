/**
 * Neighbouring operations that ONNX Runtime computes in one pass over the images where each alone would take its own:
 * - x·scale + shift per channel is a convolution of single pixels, channel by channel, with bias; a ReLU behind it is
 *   fused by the runtime. (x - center)·scale + shift, a batch norm in eval mode, is the same with another bias;
 * - a convolution's bias is added while its result is in the cache;
 * - inner products of rows are matrix products of a row with a column, and their products are never written;
 * - the mask of a ReLU's derivative is read from the ReLU's result where there is one, so that nothing but the ReLU reads
 *   what went into it.
 */
import type { Expr } from '../../../expr.ts';
import { numbersAttr } from '../../../ops/attrs.ts';
import { sizeOf } from '../../../tensor.ts';
import { readerCounts } from '../../../topological.ts';
import { contrib, type GraphBuilder, type Value } from '../builder.ts';
import { convAttributes } from './convolution-attributes.ts';
import { convolve } from './convolve.ts';
import { reluMasked } from './elementwise.ts';

/** Smaller images take longer as convolutions, which go channel by channel. */
const SMALLEST_IMAGE = 64;

/** Of shorter rows the products take longer than a pass; of longer ones they would be added up one after the other. */
const SHORTEST_ROW = 512;
const LONGEST_ROW = 2 ** 14;

export class Neighbours {
  readonly #readers: ReadonlyMap<Expr, number>;
  readonly #activated = new Set<Expr>();

  constructor(order: readonly Expr[], outputs: readonly Expr[]) {
    this.#readers = readerCounts(order, outputs);
    for (const { op, inputs } of order) if (op === 'relu') this.#activated.add(inputs[0]!);
  }

  /** The value of `expr` together with what it reads; undefined where it stands alone. */
  emit(graph: GraphBuilder, expr: Expr, emitted: (expr: Expr) => Value): Value | undefined {
    if (expr.op === 'add') return this.#shifted(graph, expr, emitted);
    if (expr.op === 'sum') return this.#innerProducts(graph, expr, emitted);
    const [g, x] = expr.inputs;
    if (expr.op !== 'reluGrad' || !g || !x || !this.#activated.has(x)) return undefined;
    return reluMasked(graph, emitted(g), graph.node('Relu', [emitted(x)]));
  }

  /** Sums over the last axes of a product. */
  #innerProducts(graph: GraphBuilder, expr: Expr, emitted: (expr: Expr) => Value): Value | undefined {
    const product = expr.inputs[0]!;
    if (product.op !== 'mul' || this.#readers.get(product) !== 1) return undefined;
    const [a, b] = product.inputs as [Expr, Expr];
    const axes = numbersAttr(expr.attrs, 'axes');
    const first = product.shape.length - axes.length;
    if (!axes.every((axis) => axis >= first)) return undefined;
    const length = sizeOf(product.shape.slice(first));
    const rows = sizeOf(product.shape.slice(0, first));
    if (length < SHORTEST_ROW || length > LONGEST_ROW || ![a, b].every((x) => samePlaces(x, product))) return undefined;
    const [left, right] = [a, b].map((x) => graph.reshape(emitted(x), [rows, 1, length])) as [Value, Value];
    const products = graph.node('FusedMatMul', [left, right], { transA: 0, transB: 1 }, contrib);
    return graph.reshape(products, expr.shape);
  }

  #shifted(graph: GraphBuilder, expr: Expr, emitted: (expr: Expr) => Value): Value | undefined {
    const [, channels = 0, height = 0, width = 0] = expr.shape;
    for (const [inner, shift] of [expr.inputs, [...expr.inputs].reverse()] as [Expr, Expr][]) {
      if (this.#readers.get(inner) !== 1 || !samePlaces(inner, expr) || !isPerChannel(shift, expr)) continue;
      const bias = graph.reshape(emitted(shift), [channels]);
      if (inner.op === 'conv2d') {
        const [images, filters] = inner.inputs.map(emitted) as [Value, Value];
        const { shape: filterShape } = inner.inputs[1]!;
        const attributes = convAttributes(inner);
        return convolve(graph, { images, filters, filterShape, bias, attributes, shape: expr.shape });
      }
      if (inner.op !== 'mul' || height * width < SMALLEST_IMAGE) continue;
      for (const [x, scale] of [inner.inputs, [...inner.inputs].reverse()] as [Expr, Expr][]) {
        if (!samePlaces(x, expr) || !isPerChannel(scale, expr)) continue;
        const filters = graph.reshape(emitted(scale), [channels, 1, 1, 1]);
        const [y, center] = x.inputs;
        const isCentred = x.op === 'sub' && this.#readers.get(x) === 1 && samePlaces(y!, x) && isPerChannel(center!, x);
        const [images, offset] = isCentred
          ? [y!, graph.node('Sub', [bias, this.#perChannel(graph, [center!, scale], channels, emitted)])]
          : [x, bias];
        return graph.node('Conv', [emitted(images), filters, offset], { kernel_shape: [1, 1], group: channels });
      }
    }
    return undefined;
  }

  #perChannel(graph: GraphBuilder, factors: readonly Expr[], channels: number, emitted: (expr: Expr) => Value): Value {
    return graph.node(
      'Mul',
      factors.map((factor) => graph.reshape(emitted(factor), [channels])),
    );
  }
}

/** Images of the shape of the result. */
function samePlaces(x: Expr, { shape, dtype }: Expr): boolean {
  return dtype === 'float' && shape.length === 4 && x.shape.join() === shape.join();
}

/** One number a channel, broadcast over images and pixels. */
function isPerChannel({ shape }: Expr, { shape: images }: Expr): boolean {
  const [channels = 0] = images.slice(1);
  return shape.length <= 4 && shape.at(-3) === channels && sizeOf(shape) === channels;
}
