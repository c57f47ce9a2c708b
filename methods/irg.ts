/**
 * Knowledge distillation by instance relationship graphs (Liu et al., CVPR 2019, pp. 7096-7104). A batch of features
 * f [N, d] becomes a graph whose edges are squared distances over the largest of them; a student copies the teacher's
 * edges, which ask for no equal widths, and how far each instance moves between two layers:
 *
 *   A(i, j) = ‖f(x_i) - f(x_j)‖² / max,   Λ(i) = ‖f_l2(x_i) - f_l1(x_i)‖² / max
 *   L_MTK = CE + λ₁ · L_logits + λ₂ · ‖A_T - A_S‖² + λ₃ · ‖Λ_T - Λ_S‖²
 *
 * Losses here are means over elements; the released Caffe layers sum (`irg` golden cases compare both).
 */
import { adaptiveAveragePool } from '../nn/adaptive-pool.ts';
import { flatten, imageExtents } from '../nn/layers.ts';
import type { Expr } from '../tensor/expr.ts';
import { vjp } from '../tensor/gradient.ts';
import {
  add,
  cast,
  div,
  expandDims,
  iota,
  max,
  mul,
  ne,
  reduceMax,
  slice,
  square,
  sub,
  sum,
} from '../tensor/ops/index.ts';

/** ‖f_i - f_j‖² for all pairs, [N, N]. */
export function pairDistances(features: Expr): Expr {
  return sum(square(sub(expandDims(features, 0), expandDims(features, 1))), { axes: [2] });
}

/** ‖b_i - a_i‖² for each instance, [N]. */
export function movedDistances(a: Expr, b: Expr): Expr {
  return sum(square(sub(b, a)), { axes: [1] });
}

/** Distances over the largest; the derivative passes through the largest as well. */
export function overLargest(distances: Expr): Expr {
  return div(distances, reduceMax(distances));
}

/** A of features [N, d]. */
export function edges(features: Expr): Expr {
  return overLargest(pairDistances(features));
}

/** Λ from the features at the start and at the end of a stage. */
export function transformation(start: Expr, end: Expr): Expr {
  return overLargest(movedDistances(start, end));
}

/** Derivatives of a loss of `overLargest(distances)`, given its cotangent, with the largest held constant. */
export function withConstantLargest(distances: Expr, cotangent: Expr, wrt: readonly Expr[]): readonly Expr[] {
  const gradients = vjp([distances], [div(cotangent, reduceMax(distances))], wrt);
  return gradients.map((gradient, index) => gradient ?? mul(wrt[index] as Expr, 0));
}

/** As the Knowledge-Distillation-Zoo has it: at least ε apart, and 0 from oneself. */
export function zooEdges(features: Expr, epsilon: number): Expr {
  const [count = 0] = features.shape;
  const apart = cast(ne(expandDims(iota(count), 0), expandDims(iota(count), 1)), 'float');
  return overLargest(mul(max(pairDistances(features), epsilon), apart));
}

/** Λ between two maps: the first pooled to the size of the second, the second's channels averaged in pairs where it has more. */
export function zooTransformation(first: Expr, second: Expr, epsilon: number): Expr {
  const [from, to] = [imageExtents(first), imageExtents(second)];
  const start = from.height > to.height ? adaptiveAveragePool(first, [to.height, to.width]) : first;
  const end = from.channels < to.channels ? channelPairs(second) : second;
  return overLargest(max(movedDistances(flatten(start), flatten(end)), epsilon));
}

function channelPairs(x: Expr): Expr {
  const { count, channels, height, width } = imageExtents(x);
  const every = (start: number) =>
    slice(x, {
      starts: [0, start, 0, 0],
      sizes: [count, Math.floor((channels - start + 1) / 2), height, width],
      steps: [1, 2, 1, 1],
    });
  return mul(add(every(0), every(1)), 0.5);
}
