/**
 * G-VBSM's data densification (Shao et al., CVPR 2024, section 3.1): the images of a class are kept different from one
 * another by flattening the spectrum of their Gram matrix. For each class c with images X_c [n_c, d], pooled to 32 × 32:
 *
 *   G = X_c X_cᵀ,  λ = eigenvalues of G,  L = Σ_c KL( softmax(λ/τ) ‖ softmax(λ) ),  the first softmax held constant
 *
 * Eigenvalues are no operation of a graph. The matrices are small, so they are taken between two programs, in float64:
 * one pools the images, the other multiplies the pooled images by the cotangent found here, whose derivative is that of
 * the loss (`densificationSurrogate`):
 *
 *   ∂L/∂λ = softmax(λ) - softmax(λ/τ),  ∂λ_i/∂G = v_i v_iᵀ,  ∂L/∂X = 2 · (V diag(∂L/∂λ) Vᵀ) X
 *
 * λ are of raw pixels, hundreds to thousands: both softmaxes are nearly one-hot then, and the loss is tiny.
 */
import { ok, type Result } from '../base/result.ts';
import { adaptiveAveragePool } from '../nn/adaptive-pool.ts';
import type { Expr } from '../tensor/expr.ts';
import { symmetricEigen } from '../tensor/linear-algebra/decompositions.ts';
import type { Matrix } from '../tensor/linear-algebra/matrix.ts';
import { spectralFunction } from '../tensor/linear-algebra/roots.ts';
import { dot, reshape } from '../tensor/ops/index.ts';
import { floats, type Tensor } from '../tensor/tensor.ts';

export const DENSIFICATION = { temperature: 4, pool: [32, 32] } as const;

/** [N, C, H, W] → X [N, d] */
export function pooledRows(images: Expr, pool: readonly [number, number] = DENSIFICATION.pool): Expr {
  const [count = 0, channels = 0] = images.shape;
  return reshape(adaptiveAveragePool(images, pool), [count, channels * pool[0] * pool[1]]);
}

/** Differentiates as the loss does, where `cotangent` is that of these very rows. */
export function densificationSurrogate(rows: Expr, cotangent: Expr): Expr {
  return dot(rows, cotangent);
}

export interface Densification {
  readonly loss: number;
  /** ∂L/∂X, [N, d]. */
  readonly cotangent: Tensor;
  /** λ of each class that occurs, in the order of the classes, ascending. */
  readonly eigenvalues: readonly Float64Array[];
}

/** `rows` X [N, d] of images whose classes are `labels`. */
export function densification(
  rows: Tensor,
  labels: ArrayLike<number>,
  temperature: number = DENSIFICATION.temperature,
): Result<Densification> {
  const [count = 0, width = 0] = rows.shape;
  const cotangent = new Float32Array(count * width);
  const eigenvalues: Float64Array[] = [];
  let loss = 0;
  for (const [label, members] of byClass(labels)) {
    const eigen = symmetricEigen(gramMatrix(rows, members), `the Gram matrix of class ${label}`);
    if (!eigen.ok) return eigen;
    const { values } = eigen.value;
    const [q, p] = [softmax(values, 1), softmax(values, temperature)];
    for (const value of values) loss += p.weight(value) * (p.logarithm(value) - q.logarithm(value));
    const weights = spectralFunction(eigen.value, (value) => q.weight(value) - p.weight(value));
    addProduct(cotangent, weights, rows, members);
    eigenvalues.push(values);
  }
  return ok({ loss, cotangent: floats(cotangent, rows.shape), eigenvalues });
}

function byClass(labels: ArrayLike<number>): [number, number[]][] {
  const classes = new Map<number, number[]>();
  for (const [index, label] of Array.from(labels).entries()) {
    classes.set(label, [...(classes.get(label) ?? []), index]);
  }
  return [...classes].sort(([a], [b]) => a - b);
}

function row({ data, shape }: Tensor, index: number) {
  const [, width = 0] = shape;
  return data.subarray(index * width, (index + 1) * width);
}

/** X Xᵀ of some rows, in float64. */
function gramMatrix(rows: Tensor, members: readonly number[]): Matrix {
  const size = members.length;
  const data = new Float64Array(size * size);
  for (const [i, first] of members.entries()) {
    const a = row(rows, first);
    for (const [j, second] of members.slice(0, i + 1).entries()) {
      const b = row(rows, second);
      let total = 0;
      for (let place = 0; place < a.length; place++) total += (a[place] as number) * (b[place] as number);
      data[i * size + j] = data[j * size + i] = total;
    }
  }
  return { rows: size, columns: size, data };
}

/** Softmax of ascending values over a temperature, as functions of a value. */
function softmax(values: Float64Array, temperature: number) {
  const most = values.at(-1) ?? 0;
  const total = values.reduce((sum, value) => sum + Math.exp((value - most) / temperature), 0);
  const logarithm = (value: number) => (value - most) / temperature - Math.log(total);
  return { logarithm, weight: (value: number) => Math.exp(logarithm(value)) };
}

/** out[members] = 2 · weights · rows[members] */
function addProduct(out: Float32Array, weights: Matrix, rows: Tensor, members: readonly number[]): void {
  const [, width = 0] = rows.shape;
  const line = new Float64Array(width);
  for (const [i, first] of members.entries()) {
    line.fill(0);
    for (const [j, second] of members.entries()) {
      const weight = 2 * (weights.data[i * weights.columns + j] as number);
      for (const [place, value] of row(rows, second).entries()) line[place] = (line[place] as number) + weight * value;
    }
    out.set(line, first * width);
  }
}
