/**
 * CDA (Yin and Shen, TMLR 2024, "Dataset Distillation via Curriculum Data Synthesis in Large Data Era", arXiv
 * 2311.18838): SRe2L's recovery with a curriculum of its crops. They begin as nearly the whole image and may become
 * smaller, so that outlines are drawn before details. Only the lower bound of the crop's area moves; the area is uniform
 * between it and `high`.
 */

/** The course of the lower bound until the milestone. */
export type CropCurriculum = 'step' | 'linear' | 'cosine';
export const CROP_CURRICULA: readonly CropCurriculum[] = ['step', 'linear', 'cosine'];

export interface CurriculumOptions {
  readonly mode: CropCurriculum;
  /** M: the share of the iterations that the curriculum takes. 0 is plain SRe2L, 1 the released setting. */
  readonly milestone: number;
  readonly iterations: number;
  readonly low?: number;
  readonly high?: number;
}

/** a_min(i), with u = i/(M·T): `high` (step), low + (high - low)·(1 - u) (linear), …·(1 + cos πu)/2; `low` from M·T on. */
export function minimumCropArea(
  iteration: number,
  { mode, milestone, iterations, low = 0.08, high = 1 }: CurriculumOptions,
): number {
  const end = milestone * iterations;
  if (iteration >= end) return low;
  const u = iteration / end;
  switch (mode) {
    case 'step':
      return high;
    case 'linear':
      return low + (high - low) * (1 - u);
    case 'cosine':
      return low + ((high - low) * (1 + Math.cos(Math.PI * u))) / 2;
  }
}
