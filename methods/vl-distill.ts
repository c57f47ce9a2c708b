/**
 * Vision-language distillation by trajectories of two towers (Wu, Zhang, Deng and Russakovsky, TMLR 2024, arXiv
 * 2308.07545): an image network and a projection of frozen text vectors train together on a contrastive loss,
 *
 *   z_ij = κ ⟨u_i, v_j⟩ of unit vectors,
 *   L = ½ [ mean_i (-z_ii + log Σ_k e^{z_ik}) + mean_j (-z_jj + log Σ_k e^{z_kj}) ]
 *
 * (positive pairs are in the denominators; the printed formula leaves them out, the code does not), each by plain gradient
 * steps with a learned step size of its own. The matching loss is the sum of both towers' normalised distances.
 */
import { euclidean } from '../nn/losses.ts';
import type { Network } from '../nn/network.ts';
import type { Named, TrainingStep } from '../nn/trajectory/training-step.ts';
import { type Expr, input } from '../tensor/expr.ts';
import { gradient } from '../tensor/gradient.ts';
import {
  add,
  argMax,
  cast,
  div,
  eq,
  erf,
  expandDims,
  iota,
  logSoftmax,
  matmul,
  mul,
  normalize,
  oneHot,
  sub,
  sum,
} from '../tensor/ops/index.ts';
import { trajectoryDistance } from './mtt.ts';

/** κ of expert training and evaluation; the released inner loop has ln(1/0.07) instead. */
export const LOGIT_SCALE = 1 / 0.07;
export const RELEASED_INNER_SCALE = Math.log(1 / 0.07);

/** Rows of length 1. */
export function unitRows(x: Expr): Expr {
  return div(x, expandDims(euclidean(x, { axes: [1] }), 1));
}

/** z, [images, texts]. */
export function scaledCosines(images: Expr, texts: Expr, scale: number): Expr {
  return mul(matmul(unitRows(images), unitRows(texts), { transB: true }), scale);
}

/** L of z [b, b]. */
export function contrastiveLoss(logits: Expr): Expr {
  const [count = 1] = logits.shape;
  const pairs = oneHot(iota(count), count);
  const side = (axis: number) => sum(mul(pairs, logSoftmax(logits, axis)));
  return mul(add(side(1), side(0)), -1 / (2 * count));
}

/** Mean of the numbers of rows and of columns whose largest is their pair. */
export function pairsFound(logits: Expr): Expr {
  const [count = 1] = logits.shape;
  const side = (axis: number) => sum(cast(eq(argMax(logits, axis), iota(count)), 'float'));
  return mul(add(side(0), side(1)), 0.5);
}

const HEAD_EPSILON = 1e-5;

/** p = W₁h + b₁, q = W₂ GELU(p) + b₂, LayerNorm(q + p); GELU by erf. Dropout on q is the caller's, in training. */
export function projectionHead(text: Expr, values: Named<Expr>, dropped: (q: Expr) => Expr = (q) => q): Expr {
  const at = (name: string) => {
    const value = values[name];
    if (!value) throw new Error(`The projection head has no ${name}`);
    return value;
  };
  const linear = (name: string, x: Expr) => add(matmul(x, at(`${name}.weight`), { transB: true }), at(`${name}.bias`));
  const p = linear('projection', text);
  const gelu = mul(mul(p, 0.5), add(erf(mul(p, Math.SQRT1_2)), 1));
  const q = dropped(linear('fc', gelu));
  const normal = normalize(add(q, p), { axes: [1], eps: HEAD_EPSILON });
  return add(mul(normal, at('layer_norm.weight')), at('layer_norm.bias'));
}

/** Both towers: an image network whose logits are the embedding, and the head; parameters are `img.…` and `txt.…`. */
export interface TwoTowers {
  readonly image: Network;
  readonly text: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

export function towerInputs({ image, text }: TwoTowers): { readonly img: Named<Expr>; readonly txt: Named<Expr> } {
  const tower = (prefix: string, list: TwoTowers['text']) =>
    Object.fromEntries(list.map(({ name, shape }) => [name, input(`${prefix}.${name}`, shape)]));
  return { img: tower('img', image.parameters), txt: tower('txt', text) };
}

export interface TwoTowerOptions {
  /** Pairs of the mini-batch. */
  readonly count: number;
  /** Length of the frozen text vectors. */
  readonly textWidth: number;
  readonly scale: number;
  /** The inner loss of z; what else it learns (a similarity) comes with it. */
  readonly loss?: { of(logits: Expr): Expr; readonly learned: Named<Expr> };
}

/** One step of both towers: inputs `images`, `text`, `lr_img`, `lr_txt`; gradients are watched. */
export function twoTowerStep(towers: TwoTowers, options: TwoTowerOptions): TrainingStep {
  const { count, textWidth, scale, loss = { of: contrastiveLoss, learned: {} } } = options;
  const { channels, height, width } = towers.image.input;
  const images = input('images', [count, channels, height, width]);
  const text = input('text', [count, textWidth]);
  const rates = { img: input('lr_img', []), txt: input('lr_txt', []) };
  const values = towerInputs(towers);
  const z = scaledCosines(
    towers.image.apply(images, values.img, 'train').logits,
    projectionHead(text, values.txt),
    scale,
  );
  const state = { ...prefixed('img', values.img), ...prefixed('txt', values.txt) };
  const found = gradient(loss.of(z), Object.values(state));
  const gradients = Object.fromEntries(Object.keys(state).map((name, index) => [name, found[index] as Expr]));
  return {
    state,
    gradients,
    update: (given) =>
      Object.fromEntries(
        Object.entries(state).map(([name, value]) => {
          const rate = name.startsWith('img.') ? rates.img : rates.txt;
          return [name, sub(value, mul(given[name] as Expr, rate))];
        }),
      ),
    learned: { images, text, lr_img: rates.img, lr_txt: rates.txt, ...loss.learned },
    buffers: { before: {}, after: {} },
    watched: gradients,
    scalars: () => ({}),
  };
}

export interface TowerDistances {
  /** ‖θ_T - θ*‖² / ‖θ_0 - θ*‖² of each tower. */
  readonly img: Expr;
  readonly txt: Expr;
  /** (e_img + e_txt) / (D_img + D_txt): both towers as one. */
  readonly merged: Expr;
  /** The state's inputs. */
  readonly state: Named<Expr>;
}

/** Inputs θ by the state's names, `start.θ` and `target.θ`. */
export function towerDistances(towers: TwoTowers): TowerDistances {
  const values = towerInputs(towers);
  const tower = (name: 'img' | 'txt') => {
    const student = prefixed(name, values[name]);
    const of = (which: string) =>
      Object.fromEntries(Object.entries(student).map(([key, { shape }]) => [key, input(`${which}.${key}`, shape)]));
    return { student, start: of('start'), target: of('target') };
  };
  const [img, txt] = [tower('img'), tower('txt')];
  const both = (side: 'student' | 'start' | 'target') => ({ ...img[side], ...txt[side] });
  return {
    img: trajectoryDistance(img.student, img.start, img.target),
    txt: trajectoryDistance(txt.student, txt.start, txt.target),
    merged: trajectoryDistance(both('student'), both('start'), both('target')),
    state: both('student'),
  };
}

function prefixed(prefix: string, values: Named<Expr>): Record<string, Expr> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]));
}
