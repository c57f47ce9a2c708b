/**
 * Networks as the words of a case: `conv5x5x6 (padding 2)-ReLU-maxpool2, flatten - linear 10 - tanh - linear C`. Layers take
 * their parameters in order, a weight and a bias each; a row of numbers (`400-120-84-C`) is linear layers with ReLU between,
 * the first number what enters. A word before a colon is the network's name.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import type { Classifier } from '../../methods/dd.ts';
import { flatten } from '../../nn/layers.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import {
  add,
  avgPool,
  conv2d,
  div,
  matmul,
  maxPool,
  mul,
  pad,
  pow,
  relu,
  reshape,
  sigmoid,
  slice,
  tanh,
} from '../../tensor/ops/index.ts';
import type { NamedShape } from './flat-parameters.ts';

/** One layer; `next` gives its parameters. */
type Layer = (x: Expr, next: () => Expr) => Expr;

export interface DescribedNetwork {
  readonly classify: Classifier;
  readonly parameters: Readonly<Record<string, Expr>>;
}

export function describedNetwork(words: string, list: readonly NamedShape[]): Result<DescribedNetwork> {
  const layers: Layer[] = [];
  /** Numbers met in a row: the first is what enters the linear layers, between which there are ReLUs. */
  let row = 0;
  for (const word of layerWords(words)) {
    row = /^(\d+|C)$/.test(word) ? row + 1 : 0;
    const layer = row === 0 ? layerOf(word.toLowerCase()) : row === 1 ? flattened : linear;
    if (!layer) return fail('GOLDEN_PARAMETER', `network layer ${JSON.stringify(word)}`);
    if (row > 2) layers.push(relu);
    layers.push(layer);
  }
  const parameters = Object.fromEntries(list.map(({ name, shape }) => [name, input(name, shape)]));
  const classify: Classifier = (images, values) => {
    let used = 0;
    const next = () => {
      const value = values[list[used++]?.name ?? ''];
      if (!value) throw new Error(`The network "${words}" has more parameters than its list`);
      return value;
    };
    const logits = layers.reduce((x, layer) => layer(x, next), images);
    if (used !== list.length) throw new Error(`The network "${words}" takes ${used} of ${list.length} parameters`);
    return logits;
  };
  return ok({ classify, parameters });
}

/** Separated by dashes, commas and semicolons, but not within parentheses. */
function layerWords(words: string): readonly string[] {
  const list = words.slice(words.indexOf(':') + 1);
  return list
    .split(/[-,;](?![^(]*\))/)
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

const ACTIVATIONS: Readonly<Record<string, (x: Expr) => Expr>> = { relu, tanh, sigmoid };

function layerOf(text: string): Layer | undefined {
  const conv = /^conv ?(\d+)x(\d+)x(\d+)(.*)$/.exec(text);
  if (conv) return convolution(numberAfter('p(?:adding)?', conv[4]), numberAfter('s(?:tride)?', conv[4]) ?? 1);
  const pool = /^(max|avg)pool ?(\d+)(.*)$/.exec(text);
  if (pool) {
    const size = Number(pool[2]);
    const stride = numberAfter('s(?:tride)?', pool[3]) ?? size;
    return pooling(pool[1] === 'max' ? maxPool : avgPool, size, stride, numberAfter('p(?:adding)?', pool[3]));
  }
  if (text === 'flatten') return flattened;
  if (/^linear (\d+|c)$/.test(text)) return linear;
  if (text.startsWith('lrn')) return localResponseNorm(text);
  return ACTIVATIONS[text];
}

function numberAfter(word: string, text = ''): number | undefined {
  const found = new RegExp(`\\b${word} ?(\\d+)`).exec(text);
  return found ? Number(found[1]) : undefined;
}

const flattened: Layer = (x) => (x.shape.length > 2 ? flatten(x) : x);

const linear: Layer = (x, next) => add(matmul(x, next(), { transB: true }), next());

function convolution(padding = 0, stride = 1): Layer {
  return (x, next) => {
    const y = conv2d(x, next(), { padding: [padding, padding, padding, padding], strides: [stride, stride] });
    const bias = next();
    return add(y, reshape(bias, [1, ...bias.shape, 1, 1]));
  };
}

function pooling(pool: typeof maxPool, size: number, stride: number, padding = 0): Layer {
  const window = { size: [size, size], strides: [stride, stride], padding: [padding, padding, padding, padding] };
  return (x) => pool(x, window);
}

/** x / (k + α · mean over a window of channels of x², zeros outside)^β */
function localResponseNorm(text: string): Layer {
  const value = (name: string, otherwise: number) => {
    const found = new RegExp(`${name} ?([\\d.e-]+)(?: ?/ ?([\\d.]+))?`).exec(text);
    return found ? Number(found[1]) / Number(found[2] ?? 1) : otherwise;
  };
  const [size, alpha, beta, k] = [value('size', 5), value('alpha', 1e-4), value('beta', 0.75), value('k', 1)];
  return (x) => {
    const low = Math.floor(size / 2);
    const squares = pad(mul(x, x), { low: [0, low, 0, 0], high: [0, size - 1 - low, 0, 0] });
    const shifted = Array.from({ length: size }, (_, from) =>
      slice(squares, { starts: [0, from, 0, 0], sizes: x.shape }),
    );
    const total = shifted.reduce((sum, part) => add(sum, part));
    return div(x, pow(add(mul(total, alpha / size), k), beta));
  };
}
