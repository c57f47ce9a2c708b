/**
 * What a network is written with. A network is one function of `Layers` and images; run once on a symbolic batch it
 * declares its parameters in the order it uses them, run again it applies them. So shapes, order and forward pass are
 * said once, and a layer cannot be declared without being used.
 *
 * Initial values are PyTorch's: uniform within ±1/sqrt(fan-in) for weights and biases of convolutions and linear
 * layers, 1 and 0 for norms, running mean 0 and variance 1.
 */
import type { Expr } from '../tensor/expr.ts';
import { add, avgPool, type conv2d, matmul, maxPool, mean, reshape } from '../tensor/ops/index.ts';
import type { Shape } from '../tensor/tensor.ts';
import { type Norm, type NormContext, normLayer } from './norms.ts';

/** How a fresh parameter is drawn. */
export type Init =
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'normal'; readonly deviation: number }
  | { readonly kind: 'constant'; readonly value: number };

export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly init: Init;
}

export interface BufferSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly value: number;
}

export type Mode = 'train' | 'eval';

/** Statistics of what entered a batch norm in this pass, by the norm's name: mean and biased variance per channel. */
export interface BatchStatistics {
  readonly mean: Expr;
  readonly variance: Expr;
}

/** Where layers find their parameters: one that declares them, one that looks them up. */
export interface Values {
  parameter(name: string, shape: Shape, init: Init): Expr;
  buffer(name: string, shape: Shape, value: number): Expr;
}

/** `conv2d`, or what gives the same up to rounding. */
export type Convolve = typeof conv2d;

export interface ConvOptions {
  readonly out: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
  /** As many as there are channels: depthwise. */
  readonly groups?: number;
  readonly bias?: boolean;
  /** Draws the weights otherwise than PyTorch's default; a bias then begins at 0. */
  readonly init?: Init;
}

/** Extents of a batch of images. */
export function imageExtents(x: Expr): { count: number; channels: number; height: number; width: number } {
  const [count, channels, height, width] = x.shape;
  if (count === undefined || channels === undefined || height === undefined || width === undefined) {
    throw new Error(`Expected images [N, C, H, W], got shape [${x.shape}]`);
  }
  return { count, channels, height, width };
}

export class Layers implements NormContext {
  readonly mode: Mode;
  readonly buffers: Record<string, Expr> = {};
  readonly statistics: Record<string, BatchStatistics> = {};
  /** What entered each convolution and batch norm, by its name, in the order of use. */
  readonly inputs: Record<string, Expr> = {};
  readonly #values: Values;
  readonly #convolve: Convolve;

  constructor(values: Values, mode: Mode, convolve: Convolve) {
    this.#values = values;
    this.mode = mode;
    this.#convolve = convolve;
  }

  parameter(name: string, shape: Shape, init: Init): Expr {
    return this.#values.parameter(name, shape, init);
  }

  buffer(name: string, shape: Shape, value: number): Expr {
    return this.#values.buffer(name, shape, value);
  }

  conv(name: string, x: Expr, options: ConvOptions): Expr {
    const { out, kernel, stride = 1, padding = 0, groups = 1, bias = true, init } = options;
    const perGroup = imageExtents(x).channels / groups;
    this.inputs[name] = x;
    const byFanIn: Init = { kind: 'uniform', bound: 1 / Math.sqrt(perGroup * kernel * kernel) };
    const weight = this.parameter(`${name}.weight`, [out, perGroup, kernel, kernel], init ?? byFanIn);
    const y = this.#convolve(x, weight, {
      strides: [stride, stride],
      padding: [padding, padding, padding, padding],
      groups,
    });
    if (!bias) return y;
    const shift = this.parameter(`${name}.bias`, [out], init ? { kind: 'constant', value: 0 } : byFanIn);
    return add(y, reshape(shift, [1, out, 1, 1]));
  }

  /** y = x Wᵀ + b over the last axis. */
  linear(name: string, x: Expr, out: number, init?: Init): Expr {
    const inputs = x.shape.at(-1) ?? 0;
    const byFanIn: Init = { kind: 'uniform', bound: 1 / Math.sqrt(inputs) };
    const weight = this.parameter(`${name}.weight`, [out, inputs], init ?? byFanIn);
    const bias = this.parameter(`${name}.bias`, [out], init ? { kind: 'constant', value: 0 } : byFanIn);
    return add(matmul(x, weight, { transB: true }), bias);
  }

  norm(name: string, x: Expr, norm: Norm): Expr {
    if (norm === 'batch') this.inputs[name] = x;
    return normLayer(this, name, x, norm);
  }
}

export type Pooling = 'max' | 'average' | 'none';

/** Square pooling without padding; what does not fill a window is dropped, as in PyTorch. */
export function pool(x: Expr, pooling: Pooling, size = 2): Expr {
  const window = { size: [size, size], strides: [size, size], padding: [0, 0, 0, 0] };
  if (pooling === 'none') return x;
  return pooling === 'max' ? maxPool(x, window) : avgPool(x, window);
}

/** [N, C, H, W] → [N, C·H·W]. */
export function flatten(x: Expr): Expr {
  const { count, channels, height, width } = imageExtents(x);
  return reshape(x, [count, channels * height * width]);
}

/** [N, C, H, W] → [N, C]: the mean of each map. */
export function globalAverage(x: Expr): Expr {
  const { height, width } = imageExtents(x);
  return height * width === 1 ? flatten(x) : mean(x, { axes: [2, 3] });
}
