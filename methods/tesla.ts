/**
 * TESLA (Cui, Wang, Si and Hsieh, ICML 2023, "Scaling Up Dataset Distillation to ImageNet-1K with Constant Memory").
 *
 * Loss and student of `mtt.ts` with step size β. With g_i = ∇_θ ℓ(θ_i; X̃_i), G = Σ g_i, Δ = θ*_{t+M} - θ*_t, D = ‖Δ‖²:
 *
 *   D·L = ‖Δ + βG‖² = ‖Δ‖² + 2β Δᵀ Σ g_i + β² ‖Σ g_i‖²                             (equations 5 and 6)
 *
 * Two passes take its gradient with one step's graph at a time, every θ_j held fixed while X̃_i moves:
 *
 *   ∂L/∂X̃_i = (2/D) (∂g_i/∂X̃_i)ᵀ (βΔ + β²G),   ∂L/∂β = (2/D) (Δ + βG)ᵀ G
 *
 * With λ = ∂L/∂θ_T = -(2/D)(Δ + βG) these are (∂g_i/∂X̃_i)ᵀ(-βλ) and -λᵀ Σ g_i: the backward loop of a trajectory with the same
 * cotangent λ at each step. The Hessian terms that carry it from step to step are left out, so that what the paper calls
 * exact is so for one step only. The exact gradient, of the same memory, is the loop with them.
 */

import type { Named } from '../nn/trajectory/training-step.ts';
import type { Trajectory, TrajectoryGradients, Unroll } from '../nn/trajectory/unroll.ts';
import type { Expr } from '../tensor/expr.ts';
import { softmax } from '../tensor/ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Pass B, given the trajectory of pass A and λ: gradients in images, β and learned labels. */
export function twoPassGradient(
  unroll: Unroll,
  trajectory: Trajectory,
  lambda: Named<Tensor>,
): Promise<TrajectoryGradients> {
  return unroll.backward(trajectory, lambda, { alone: true });
}

/** λ_i = λ_{i+1} - β H_i λ_{i+1}: the gradient of the unrolled loss. */
export function exactGradient(
  unroll: Unroll,
  trajectory: Trajectory,
  lambda: Named<Tensor>,
): Promise<TrajectoryGradients> {
  return unroll.backward(trajectory, lambda);
}

/**
 * The released script doubles a tuple instead of the gradient in it, so that its image gradient is half of the one above, and
 * its image learning rates belong to the half. The gradient in β has its full factor.
 */
export const RELEASED_IMAGE_FACTOR = 0.5;

/** Soft label assignment: the target expert's probabilities, in eval mode, of the synthetic images without augmentation. */
export function assignedLabels(expertLogits: Expr): Expr {
  return softmax(expertLogits, -1);
}
