/**
 * Dataset distillation (Wang, Zhu, Torralba and Efros, 2018). S batches of distilled images are trained on in a fixed order,
 * E times over, each of the T = S·E steps with a learned step size; what counts is the loss on real data after them:
 *
 *   w_{t+1} = w_t - a_t ∇_w ℓ(f(x_{s(t)}; w_t), y_{s(t)}),  s(t) = t mod S             (equation 3, Algorithm 1 line 8)
 *   L = ℓ(f(x_real; w_T), y_real)                                                  (line 9)
 *   a_t = softplus(r_t)                                                            (the released code: sizes stay positive)
 *
 * Labels are fixed. With two classes the network has one output and ℓ is the binary cross-entropy.
 */
import { binaryCrossEntropy, crossEntropy } from '../nn/losses.ts';
import { sgd } from '../nn/optimisers.ts';
import { type Named, type TrainingStep, trainingStep } from '../nn/trajectory/training-step.ts';
import type { StepInputs } from '../nn/trajectory/unroll.ts';
import { type Expr, input } from '../tensor/expr.ts';
import { cast, reshape } from '../tensor/ops/index.ts';
import { floats, type Shape, type Tensor } from '../tensor/tensor.ts';

/** f: images and parameters by name → logits. */
export type Classifier = (images: Expr, parameters: Named<Expr>) => Expr;

/** ℓ of logits [N, C], or [N, 1] for two classes. */
export function classificationLoss(logits: Expr, labels: Expr): Expr {
  if (logits.shape[1] !== 1) return crossEntropy(logits, labels);
  return binaryCrossEntropy(logits, reshape(labels.dtype === 'int' ? cast(labels, 'float') : labels, logits.shape));
}

/** A step t with inputs `images` (x_s, of this shape), `labels`, `rate` (a_t) and w. */
export function innerStep(
  classify: Classifier,
  parameters: Named<Expr>,
  shape: Shape,
): TrainingStep & { readonly loss: Expr } {
  const images = input('images', shape);
  const labels = input('labels', [shape[0] ?? 0], 'int');
  const rate = input('rate', []);
  const loss = classificationLoss(classify(images, parameters), labels);
  return { ...trainingStep({ loss, parameters, optimiser: sgd(), rate, learned: { images, rate } }), loss };
}

/** T = S·E steps over images [S, C·m, …] and step sizes [T]; `labels` are those of every batch, `order` is s(t). */
export function courseOfSteps(
  batches: number,
  epochs: number,
  labels: Tensor,
  order: readonly number[] = Array.from({ length: batches * epochs }, (_, t) => t % batches),
): readonly StepInputs[] {
  return order.map((batch, t) => ({ rows: { images: [batch], rate: [t] }, feeds: { labels } }));
}

/** a_t = log(1 + e^{r_t}), in double precision: 1 + e^r loses a small step size's digits in single. */
export function stepSizes(raw: Tensor): Tensor {
  return floats(
    Float64Array.from(raw.data, (r) => Math.max(r, 0) + Math.log1p(Math.exp(-Math.abs(r)))),
    raw.shape,
  );
}

/** ∂L/∂r_t = ∂L/∂a_t · σ(r_t) */
export function rawGradient(gradient: Tensor, raw: Tensor): Tensor {
  return floats(
    Float64Array.from(gradient.data, (slope, t) => slope / (1 + Math.exp(-(raw.data[t] ?? 0)))),
    raw.shape,
  );
}

/** r with softplus(r) = a₀ for every step. */
export function rawStepSizes(initial: number, steps: number): Tensor {
  return floats(new Float64Array(steps).fill(Math.log(Math.expm1(initial))));
}

/** The attack variant: final labels of the attacked class become the target class before L. */
export function attackedLabels(labels: Tensor, attacked: number, target: number): Tensor {
  return { ...labels, data: Int32Array.from(labels.data, (label) => (label === attacked ? target : label)) };
}
