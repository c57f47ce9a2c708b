/**
 * Distribution matching (Zhao and Bilen, WACV 2023, "Dataset Condensation with Distribution Matching").
 *
 * Synthetic images S of each class are moved so that their mean embedding meets that of real images R under networks ψ
 * drawn at random and never trained; augmentation A_ω is shared by both sides (siamese). Equation (6):
 *
 *   L(S) = Σ_c ‖ 1/|R_c| Σ_{x∈R_c} ψ(A(x; ω_c)) - 1/|S_c| Σ_{s∈S_c} ψ(A(s; ω_c)) ‖²
 *
 * a sum over feature coordinates and classes, never a mean: the paper's learning rates assume it.
 *
 * The paper embeds class by class, and with batch norm all classes at once. Here all classes are embedded at once in
 * either case: where the norm does not mix images (instance, group, layer, none) that is the same function, and with
 * batch norm it is what the paper prescribes, one train-mode pass of all real and one of all synthetic images.
 */
import type { Expr } from '../tensor/expr.ts';
import { mean, reshape, square, sub, sum } from '../tensor/ops/index.ts';

/** ψ: images [n, C, H, W] → features [n, D]. */
export type Embedding = (images: Expr) => Expr;

/** Mean embedding of each class, [classes, D]; `images` [classes·n, C, H, W] are sorted by class, n of each. */
export function classMeans(embed: Embedding, images: Expr, classes: number): Expr {
  const features = embed(images);
  const [count = 0, width = 0] = features.shape;
  if (count % classes !== 0) throw new Error(`${count} images are no equal share for each of ${classes} classes`);
  return mean(reshape(features, [classes, count / classes, width]), { axes: [1] });
}

/** Equation (6), given the class means of the real images (no gradient passes through them). */
export function distanceToMeans(embed: Embedding, synthetic: Expr, realMeans: Expr): Expr {
  const [classes = 1] = realMeans.shape;
  return sum(square(sub(realMeans, classMeans(embed, synthetic, classes))));
}

/** Equation (6) from augmented images of both sides, sorted by class. Differentiate it in `synthetic` alone. */
export function distributionMatchingLoss(embed: Embedding, real: Expr, synthetic: Expr, classes: number): Expr {
  return distanceToMeans(embed, synthetic, classMeans(embed, real, classes));
}
