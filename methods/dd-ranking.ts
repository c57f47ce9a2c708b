/**
 * DD-Ranking (arXiv 2505.13300): what of a method's accuracy comes from its images. Every accuracy is held against random
 * real images of the same number, trained by the same recipe, and against the full data with hard labels. Arithmetic on
 * accuracies in [0, 1]; the released helpers pass percent into the exponential, which the documentation does not mean.
 */

/** Accuracies as fractions. */
export interface LabelAccuracies {
  /** Full real data, hard labels. */
  readonly full: number;
  /** Synthetic images, hard labels. */
  readonly hard: number;
  /** Synthetic images with the method's own labels, loss and augmentation. */
  readonly own: number;
  /** Random real images by the method's recipe. */
  readonly random: number;
}

export interface LabelScore {
  /** Hard-label recovery, lower is better: Acc(real, hard) - Acc(syn, hard). */
  readonly hlr: number;
  /** Improvement over random: Acc(syn, any) - Acc(random, any). */
  readonly ior: number;
  /** w·IOR - (1 - w)·HLR */
  readonly alpha: number;
  /** Label-robust score, in [0, 1]. */
  readonly lrs: number;
}

export interface AugmentationAccuracies {
  readonly augmented: number;
  readonly randomAugmented: number;
  readonly plain: number;
  readonly randomPlain: number;
}

export interface AugmentationScore {
  /** γ·(Acc(syn, aug) - Acc(random, aug)) + (1 - γ)·(the same without augmentation) */
  readonly beta: number;
  /** Augmentation-robust score, in [0, 1]. */
  readonly ars: number;
}

/** (e^x - e^-1) / (e - e^-1): 0 at -1, 0.2689 at 0, 1 at 1. */
function score(x: number): number {
  return (Math.exp(x) - Math.exp(-1)) / (Math.E - Math.exp(-1));
}

export function labelRobustScore({ full, hard, own, random }: LabelAccuracies, weight = 0.5): LabelScore {
  const hlr = full - hard;
  const ior = own - random;
  const alpha = weight * ior - (1 - weight) * hlr;
  return { hlr, ior, alpha, lrs: score(alpha) };
}

export function augmentationRobustScore(accuracies: AugmentationAccuracies, gamma = 0.5): AugmentationScore {
  const { augmented, randomAugmented, plain, randomPlain } = accuracies;
  const beta = gamma * (augmented - randomAugmented) + (1 - gamma) * (plain - randomPlain);
  return { beta, ars: score(beta) };
}
