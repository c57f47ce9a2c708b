/**
 * What students learn from soft labels, t the teacher's logits, s the student's, of N views:
 *
 *   kl    1/N Σ KL(softmax(t/T) ‖ softmax(s/T)), times T² where `squared` (SRe2L; Hinton et al. 2015)
 *         from probabilities p at T: -1/N Σ p log softmax(s/T), which differs by what no student changes (FKD)
 *   mse   mean (s - t)² + w · CE(s, y), y the label of the image that others are mixed into (G-VBSM)
 */
import { rebuilt } from '../../methods/fkd.ts';
import { logitRegression } from '../../methods/gvbsm-labels.ts';
import { crossEntropy, distillationLoss } from '../../nn/losses.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import { cast, mul } from '../../tensor/ops/index.ts';
import { ints, type Tensor } from '../../tensor/tensor.ts';
import type { SoftLabelFacts } from '../soft-labels/format.ts';
import type { LabelledBatch } from '../soft-labels/read.ts';

export interface SoftLoss {
  readonly kind: 'kl' | 'mse';
  readonly temperature: number;
  readonly squared: boolean;
  /** w */
  readonly hardWeight: number;
}

type Kept = Pick<SoftLabelFacts, 'kind' | 'keep' | 'kept' | 'classes' | 'renormalised'>;

/** Of logits [N, classes], against inputs as `labelFeeds` gives them. */
export function softLoss(student: Expr, loss: SoftLoss, labels: Kept): Expr {
  const [count = 0, classes = 0] = student.shape;
  if (loss.kind === 'mse')
    return logitRegression(
      student,
      input('logits', [count, classes]),
      input('labels', [count], 'int'),
      loss.hardWeight,
    );
  const { temperature, squared } = loss;
  if (labels.keep === 'full')
    return distillationLoss(student, input('logits', [count, classes]), temperature, { squared });
  const learned = crossEntropy(mul(student, 1 / temperature), probabilitiesOf(count, labels));
  return squared ? mul(learned, temperature ** 2) : learned;
}

function probabilitiesOf(count: number, { kind, keep, kept, classes, renormalised }: Kept): Expr {
  // Pooled already, over all classes.
  if (kind === 'maps') return input('probabilities', [count, classes]);
  const indices = input('classes', [count, kept], 'int');
  if (keep === 'hard') return rebuilt({ indices, probabilities: cast(indices, 'float') }, 'hard', classes);
  const probabilities = input('probabilities', [count, kept]);
  const form = keep === 'smooth' ? 'smoothing' : renormalised ? 'marginal-renorm' : 'marginal-smoothing';
  return rebuilt({ indices, probabilities }, form, classes);
}

/** `hard`: the label of every image of the set. */
export function labelFeeds(batch: LabelledBatch, { kind }: SoftLoss, hard: Tensor): Record<string, Tensor> {
  const { logits, classes, probabilities, order } = batch;
  return {
    ...(logits && { logits }),
    ...(classes && { classes }),
    ...(probabilities && { probabilities }),
    ...(kind === 'mse' && { labels: ints(order.map((image) => hard.data[image] ?? 0)) }),
  };
}
