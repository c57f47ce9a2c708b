/**
 * Normalisation layers, all but local response norm with eps 1e-5 and an affine map. Instance norm is group norm with a
 * group per channel. Batch norm in train mode normalises with the batch's biased variance and moves its running statistics
 * (momentum 0.1, unbiased variance); in eval mode it uses the running statistics.
 */
import { constant, type Expr } from '../tensor/expr.ts';
import { add, matmul, mean, mul, normalize, pow, reshape, rsqrt, square, sub, variance } from '../tensor/ops/index.ts';
import { floats, type Shape } from '../tensor/tensor.ts';
import type { BatchStatistics, Init, Mode } from './layers.ts';

export type NormKind = 'none' | 'batch' | 'layer' | 'instance' | 'group';
export type Norm = Exclude<NormKind, 'group'> | { readonly groups: number };

export const NORM_EPSILON = 1e-5;
export const BATCH_NORM_MOMENTUM = 0.1;

const ONE: Init = { kind: 'constant', value: 1 };
const ZERO: Init = { kind: 'constant', value: 0 };

/** What a norm needs of `Layers`. */
export interface NormContext {
  readonly mode: Mode;
  readonly buffers: Record<string, Expr>;
  readonly statistics: Record<string, BatchStatistics>;
  parameter(name: string, shape: Shape, init: Init): Expr;
  buffer(name: string, shape: Shape, value: number): Expr;
}

export function normLayer(layers: NormContext, name: string, x: Expr, norm: Norm): Expr {
  if (norm === 'none') return x;
  if (norm === 'batch') return batchNorm(layers, name, x);
  const [count = 0, channels = 0, height = 0, width = 0] = x.shape;
  if (norm === 'layer') {
    return affine(layers, name, normalize(x, { axes: [1, 2, 3], eps: NORM_EPSILON }), [channels, height, width]);
  }
  if (norm === 'instance') return affine(layers, name, normalize(x, { axes: [2, 3], eps: NORM_EPSILON }), [channels]);
  const { groups } = norm;
  const grouped = reshape(x, [count, groups, (channels / groups) * height * width]);
  return affine(layers, name, reshape(normalize(grouped, { axes: [2], eps: NORM_EPSILON }), x.shape), [channels]);
}

/** Layer norm over the last axis, as transformers use it. */
export function featureNorm(layers: NormContext, name: string, x: Expr): Expr {
  const features = x.shape.at(-1) ?? 0;
  const normal = normalize(x, { axes: [x.shape.length - 1], eps: NORM_EPSILON });
  const weight = layers.parameter(`${name}.weight`, [features], ONE);
  return add(mul(normal, weight), layers.parameter(`${name}.bias`, [features], ZERO));
}

export interface LocalResponse {
  /** Channels of a window: ⌊size/2⌋ before a channel, the channel itself, and the rest after it. */
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
}

/**
 * Local response norm (Krizhevsky et al. 2012) as PyTorch has it: x / (k + alpha · mean of x² over the channel's window)^beta.
 * Channels beyond the ends are zeros that count in the mean. Nothing is learned.
 */
export function localResponseNorm(x: Expr, { size, alpha, beta, k }: LocalResponse): Expr {
  const [count = 0, channels = 0, height = 0, width = 0] = x.shape;
  const squares = reshape(square(x), [count, channels, height * width]);
  // A product with the windows as a matrix: derivatives of every order are products too.
  const means = reshape(matmul(channelWindows(channels, size), squares), x.shape);
  return mul(x, pow(add(mul(means, alpha), k), -beta));
}

/** [channels, channels]: the share of each channel (column) in each mean (row). */
function channelWindows(channels: number, size: number): Expr {
  const shares = new Float64Array(channels * channels);
  const before = Math.floor(size / 2);
  for (let channel = 0; channel < channels; channel++) {
    const [first, end] = [Math.max(0, channel - before), Math.min(channels, channel - before + size)];
    shares.fill(1 / size, channel * channels + first, channel * channels + end);
  }
  return constant(floats(shares, [channels, channels]));
}

/** Scale and shift, per channel or (layer norm) per element of an image. */
function affine(layers: NormContext, name: string, x: Expr, shape: Shape): Expr {
  const weight = layers.parameter(`${name}.weight`, shape, ONE);
  const bias = layers.parameter(`${name}.bias`, shape, ZERO);
  const spread: Shape = shape.length === 1 ? [1, ...shape, 1, 1] : [1, ...shape];
  return add(mul(x, reshape(weight, spread)), reshape(bias, spread));
}

function batchNorm(layers: NormContext, name: string, x: Expr): Expr {
  const [count = 0, channels = 0, height = 0, width = 0] = x.shape;
  const axes = [0, 2, 3];
  const batch: BatchStatistics = { mean: mean(x, { axes }), variance: variance(x, { axes }) };
  layers.statistics[name] = batch;
  if (layers.mode === 'train') {
    const y = affine(layers, name, normalize(x, { axes, eps: NORM_EPSILON }), [channels]);
    moveStatistics(layers, name, batch, count * height * width);
    return y;
  }
  const weight = layers.parameter(`${name}.weight`, [channels], ONE);
  const bias = layers.parameter(`${name}.bias`, [channels], ZERO);
  const runningMean = layers.buffer(`${name}.running_mean`, [channels], 0);
  const runningVariance = layers.buffer(`${name}.running_var`, [channels], 1);
  // Centred first, not folded into one scale and one shift: those lose digits where the mean is large beside the deviation,
  // and the third pass over the images costs nothing that can be measured.
  const scale = mul(weight, rsqrt(add(runningVariance, NORM_EPSILON)));
  const spread: Shape = [1, channels, 1, 1];
  return add(mul(sub(x, reshape(runningMean, spread)), reshape(scale, spread)), reshape(bias, spread));
}

function moveStatistics(layers: NormContext, name: string, batch: BatchStatistics, samples: number): void {
  const moved = (buffer: string, initial: number, current: Expr) => {
    const before = layers.buffer(`${name}.${buffer}`, current.shape, initial);
    layers.buffers[`${name}.${buffer}`] = add(mul(before, 1 - BATCH_NORM_MOMENTUM), mul(current, BATCH_NORM_MOMENTUM));
  };
  moved('running_mean', 0, batch.mean);
  moved('running_var', 1, mul(batch.variance, samples / Math.max(1, samples - 1)));
}
