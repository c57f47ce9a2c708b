/**
 * Gradient matching (Zhao, Mopuri and Bilen, ICLR 2021, "Dataset Condensation with Gradient Matching").
 *
 * At a network state θ the loss gradient of the synthetic images S_c of each class is moved towards that of a real batch
 * R_c. Equation (9), summed over classes:
 *
 *   L(S) = Σ_c D( ∇_θ CE(f(R_c; θ), c), ∇_θ CE(f(S_c; θ), c) )
 *
 * DSA (`dsa.ts`) is the same objective on images augmented by one draw for both sides.
 */
import type { Expr } from '../tensor/expr.ts';
import { gradient } from '../tensor/gradient.ts';
import { add, concat, div, eq, mul, reshape, select, sqrt, square, sub, sum } from '../tensor/ops/index.ts';
import { sizeOf } from '../tensor/tensor.ts';

/** Of the paper (`ours`), or over all gradients flattened together (`cos`, `mse`). */
export type GradientDistance = 'ours' | 'cos' | 'mse';

/** Added to the product of norms, not to each. */
const EPSILON = 1e-6;

/** ∇_θ of a loss for each parameter, in their order. */
export function parameterGradients(loss: Expr, parameters: readonly Expr[]): readonly Expr[] {
  return gradient(loss, parameters);
}

/** D: a scalar. Differentiate it in what `synthetic` was made of; `real` is a constant to it. `epsilon`: of the published code. */
export function gradientDistance(
  real: readonly Expr[],
  synthetic: readonly Expr[],
  distance: GradientDistance = 'ours',
  epsilon = EPSILON,
): Expr {
  if (real.length !== synthetic.length) {
    throw new Error(`Expected as many gradients on both sides, got ${real.length} and ${synthetic.length}`);
  }
  if (distance === 'ours') {
    return distancesPerTensor(real, synthetic, epsilon).reduce((total, part) => add(total, part));
  }
  const [a, b] = [flattened(real), flattened(synthetic)];
  return distance === 'mse' ? sum(square(sub(a, b))) : sum(rowDistances(a, b, epsilon));
}

/** Equation (10) of each tensor: rows are output units; tensors of one axis (biases, norms) count 0. */
export function distancesPerTensor(
  real: readonly Expr[],
  synthetic: readonly Expr[],
  epsilon = EPSILON,
): readonly Expr[] {
  return real.map((a, index) => {
    const b = synthetic[index] as Expr;
    const [first = 1, ...rest] = a.shape;
    if (rest.length === 0) return sum(mul(b, 0));
    const rows = [first, sizeOf(rest)];
    return sum(rowDistances(reshape(a, rows), reshape(b, rows), epsilon));
  });
}

function flattened(tensors: readonly Expr[]): Expr {
  return concat(
    tensors.map((tensor) => reshape(tensor, [1, sizeOf(tensor.shape)])),
    1,
  );
}

/** 1 - ⟨A_i, B_i⟩ / (‖A_i‖·‖B_i‖ + ε) for rows i: [rows]. */
function rowDistances(a: Expr, b: Expr, epsilon: number): Expr {
  const inner = sum(mul(a, b), { axes: [1] });
  return sub(1, div(inner, add(mul(rowNorms(a), rowNorms(b)), epsilon)));
}

/** ‖A_i‖ with derivative 0 where the row is 0, as PyTorch's norm has it. */
function rowNorms(a: Expr): Expr {
  const squares = sum(square(a), { axes: [1] });
  const none = eq(squares, 0);
  return select(none, 0, sqrt(select(none, 1, squares)));
}
