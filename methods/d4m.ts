/**
 * D4M's prototypes (Su et al., CVPR 2024, "D4M: Dataset Distillation via Disentangled Diffusion Model"): the latents of a
 * class are clustered as they arrive, by mini-batch k-means (Sculley 2010, in scikit-learn's form): a centre is the running
 * mean of all samples that were ever assigned to it, μ_j ← (n_j μ_j + Σ assigned) / (n_j + m_j). Initial centres have no
 * weight of their own. Reassignment of rare centres is the stage's affair, since it draws.
 */
import type { Expr } from '../tensor/expr.ts';
import {
  add,
  argMax,
  div,
  eq,
  expandDims,
  matmul,
  mul,
  neg,
  oneHot,
  reshape,
  select,
  square,
  sub,
  sum,
} from '../tensor/ops/index.ts';

export interface Clusters {
  /** [K, d] */
  readonly centres: Expr;
  /** Samples that each centre is the mean of, [K]. */
  readonly counts: Expr;
}

export interface Clustered extends Clusters {
  /** Nearest centre of each sample before the update, int [N]. */
  readonly labels: Expr;
}

/** Nearest centres of samples [N, d]; the first of equals. */
export function assigned(samples: Expr, centres: Expr): Expr {
  const distances = sum(square(sub(expandDims(samples, 1), expandDims(centres, 0))), { axes: [2] }); // [N, K]
  return argMax(neg(distances), 1);
}

export function clusteringStep({ centres, counts }: Clusters, samples: Expr): Clustered {
  const [clusters = 1] = centres.shape;
  const labels = assigned(samples, centres);
  const membership = oneHot(labels, clusters); // [N, K]
  const total = add(counts, sum(membership, { axes: [0] }));
  const sums = add(mul(centres, reshape(counts, [clusters, 1])), matmul(membership, samples, { transA: true }));
  const empty = reshape(eq(total, 0), [clusters, 1]);
  return {
    labels,
    counts: total,
    centres: select(empty, centres, div(sums, reshape(select(eq(total, 0), 1, total), [clusters, 1]))),
  };
}
