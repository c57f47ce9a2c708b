/**
 * Whole graphs as training builds them, for the conformance of backends: a ConvNet's training step, and matching of its
 * gradients, which differentiates every convolution, normalisation and pooling twice.
 */
import { type Expr, input } from '../expr.ts';
import { gradient } from '../gradient.ts';
import {
  add,
  avgPool,
  conv2d,
  logSoftmax,
  matmul,
  maxPool,
  mul,
  neg,
  normalize,
  oneHot,
  relu,
  reshape,
  square,
  sub,
  sum,
} from '../ops/index.ts';
import { floats, ints, type Shape, sizeOf, type Tensor } from '../tensor.ts';

export interface TrainingCase {
  readonly name: string;
  readonly outputs: Readonly<Record<string, Expr>>;
  readonly feeds: Readonly<Record<string, Tensor>>;
}

interface Setting {
  readonly images: number;
  readonly size: number;
  readonly width: number;
  readonly norm: 'instance' | 'batch';
  readonly pooling: 'average' | 'max';
}

const CLASSES = 5;
const CHANNELS = 3;
const KERNEL = 3;

/** Deterministic numbers within ±`bound`, rounded to float32 so that every backend starts from the same ones. */
function values(shape: Shape, seed: number, bound: number): Tensor {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  const data = Float32Array.from({ length: sizeOf(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * bound;
  });
  return floats(data, shape);
}

class Network {
  readonly parameters: Expr[] = [];
  readonly feeds: Record<string, Tensor> = {};
  readonly #setting: Setting;

  constructor(setting: Setting) {
    this.#setting = setting;
    const { width, size } = setting;
    for (const [block, channels] of [CHANNELS, width].entries()) {
      this.#parameter(`conv${block}`, [width, channels, KERNEL, KERNEL], 1 / Math.sqrt(channels * KERNEL ** 2));
      this.#parameter(`bias${block}`, [1, width, 1, 1], 0.3);
      this.#parameter(`scale${block}`, [1, width, 1, 1], 1.5);
      this.#parameter(`shift${block}`, [1, width, 1, 1], 0.5);
    }
    const features = width * (size / 4) ** 2;
    this.#parameter('linear', [CLASSES, features], 1 / Math.sqrt(features));
  }

  #parameter(name: string, shape: Shape, bound: number): void {
    this.feeds[name] = values(shape, this.parameters.length, bound);
    this.parameters.push(input(name, shape));
  }

  loss(images: Expr, labels: Expr): Expr {
    const { norm, pooling } = this.#setting;
    const [w0, b0, s0, t0, w1, b1, s1, t1, linear] = this.parameters as [Expr, Expr, Expr, Expr, Expr, ...Expr[]];
    const pool = pooling === 'max' ? maxPool : avgPool;
    let x = images;
    for (const [w, b, s, t] of [
      [w0, b0, s0, t0],
      [w1, b1, s1, t1],
    ] as [Expr, Expr, Expr, Expr][]) {
      const y = add(conv2d(x, w, { padding: [1, 1, 1, 1] }), b);
      const normal = normalize(y, { axes: norm === 'batch' ? [0, 2, 3] : [2, 3], eps: 1e-5 });
      x = pool(relu(add(mul(normal, s), t)), { size: [2, 2] });
    }
    const [count = 0] = images.shape;
    const logits = matmul(reshape(x, [count, -1]), linear as Expr, { transB: true });
    return mul(neg(sum(mul(oneHot(labels, CLASSES), logSoftmax(logits, 1)))), 1 / count);
  }
}

function labelled(name: string, { images, size }: Setting): [Expr, Expr, Record<string, Tensor>] {
  const shape = [images, CHANNELS, size, size];
  const labels = ints(Array.from({ length: images }, (_, image) => image % CLASSES));
  const feeds = { [name]: values(shape, name.length * 100, 2), [`${name} labels`]: labels };
  return [input(name, shape), input(`${name} labels`, [images], 'int'), feeds];
}

/** The loss and its derivative in every parameter. */
export function trainingStep(setting: Setting): TrainingCase {
  const network = new Network(setting);
  const [images, labels, fed] = labelled('images', setting);
  const loss = network.loss(images, labels);
  const slopes = gradient(loss, network.parameters).map((slope, index) => [`slope${index}`, slope] as const);
  const name = `training step, ${setting.norm} norm, ${setting.pooling} pooling, width ${setting.width}`;
  return { name, outputs: { loss, ...Object.fromEntries(slopes) }, feeds: { ...network.feeds, ...fed } };
}

/** The squared distance of the gradients on two batches, and its derivative in the images of one. */
export function gradientMatching(setting: Setting): TrainingCase {
  const network = new Network(setting);
  const [real, realLabels, realFed] = labelled('real', setting);
  const [made, madeLabels, madeFed] = labelled('synthetic', setting);
  const wanted = gradient(network.loss(real, realLabels), network.parameters);
  const found = gradient(network.loss(made, madeLabels), network.parameters);
  const parts = found.map((slope, index) => sum(square(sub(slope, wanted[index] as Expr))));
  const distance = parts.reduce((total, part) => add(total, part));
  const [slope] = gradient(distance, [made]);
  const name = `gradient matching, ${setting.norm} norm, ${setting.pooling} pooling, width ${setting.width}`;
  return { name, outputs: { distance, slope: slope as Expr }, feeds: { ...network.feeds, ...realFed, ...madeFed } };
}
