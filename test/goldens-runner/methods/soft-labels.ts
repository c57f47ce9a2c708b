/** Student losses on stored logits of a teacher: SRe2L's and G-VBSM's. */
import { logitRegression } from '../../../methods/gvbsm-labels.ts';
import { distillationLoss } from '../../../nn/losses.ts';
import { type Expr, input } from '../../../tensor/expr.ts';
import { gradient } from '../../../tensor/gradient.ts';
import { mul } from '../../../tensor/ops/index.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { type Evaluator, runOnce } from '../evaluator.ts';

export const softLabels: Evaluator = async ({ params, inputs }, backend) => {
  const { student: given, teacher, y } = inputs as Record<'student' | 'teacher' | 'y', Tensor>;
  const student = input('student', given.shape);
  const target = input('teacher', teacher.shape);
  const outputs: Record<string, Expr> = {};
  for (const temperature of (params.temperatures ?? []) as readonly number[]) {
    const loss = distillationLoss(student, target, temperature, { squared: false });
    outputs[`T${temperature}.loss`] = loss;
    outputs[`T${temperature}.grad.student`] = gradient(loss, [student])[0] as Expr;
    outputs[`T${temperature}.loss_times_T2`] = mul(loss, temperature ** 2);
  }
  if (y) {
    const loss = logitRegression(student, target, input('y', y.shape, y.dtype), (params.w_ce ?? 0) as number);
    outputs['gvbsm.loss'] = loss;
    outputs['gvbsm.grad.student'] = gradient(loss, [student])[0] as Expr;
  }
  return { computed: await runOnce(backend, outputs, inputs) };
};
