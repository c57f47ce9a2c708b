/**
 * Differentiable siamese augmentation (Zhao and Bilen, ICML 2021, "Dataset Condensation with Differentiable Siamese
 * Augmentation").
 *
 * Gradient matching as in `dc.ts`, but on images that go through one draw ω of an augmentation A for each class and step, which
 * the real and the synthetic batch share, so that what is learned of augmented real images is carried over to pixels:
 *
 *   L(S) = Σ_c D( ∇_θ CE(f(A(R_c; ω_c); θ), c), ∇_θ CE(f(A(S_c; ω_c); θ), c) )
 *
 * A strategy names kinds of augmentation; one of them is drawn each time, then its strength (`nn/augment/dsa.ts`). Networks that
 * are trained on the images, between matching steps or at the end, see A without the sharing: every image draws its own ω.
 * Without a token, A leaves images as they are, and this is DC.
 */
import { augment, type Token } from '../nn/augment/dsa.ts';
import { parameterInputs } from '../nn/augment/dsa-programs.ts';
import type { Expr } from '../tensor/expr.ts';
import { type GradientDistance, gradientDistance, parameterGradients } from './dc.ts';

/** A(·; ω) for both sides: ω are inputs by the names of the token's parameters, [1] each. */
export function siameseAugmentation(token: Token | undefined): (images: Expr) => Expr {
  if (token === undefined) return (images) => images;
  const omega = parameterInputs(token, 1);
  return (images) => augment(images, token, omega);
}

export interface SiameseMatching {
  /** R_c and S_c, [n, C, H, W] each. */
  readonly real: Expr;
  readonly synthetic: Expr;
  /** CE(f(·; θ), c) of a batch; of the real one, whose gradient is a constant, it may be a sum over parts. */
  readonly lossOf: (images: Expr) => Expr;
  readonly realLossOf?: (images: Expr) => Expr;
  /** θ, as far as it is compared. */
  readonly parameters: readonly Expr[];
  readonly token: Token | undefined;
  readonly distance: GradientDistance;
}

/** One class's term of L. Differentiate it in `synthetic` alone. */
export function siameseMatchingLoss({
  real,
  synthetic,
  lossOf,
  realLossOf = lossOf,
  parameters,
  token,
  distance,
}: SiameseMatching): Expr {
  const augmented = siameseAugmentation(token);
  const target = parameterGradients(realLossOf(augmented(real)), parameters);
  return gradientDistance(target, parameterGradients(lossOf(augmented(synthetic)), parameters), distance);
}
