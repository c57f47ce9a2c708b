/** Evaluation: the loss of hard and soft labels, and mixed batches. */
import { cutMix, cutMixBox, exactLambda, mixUp } from '../../../nn/augment/mix.ts';
import { agreement, crossEntropy } from '../../../nn/losses.ts';
import { constant, type Expr, input } from '../../../tensor/expr.ts';
import { gradient } from '../../../tensor/gradient.ts';
import { stack } from '../../../tensor/ops/index.ts';
import { floats, ints, type Tensor } from '../../../tensor/tensor.ts';
import { type Evaluated, type Evaluator, runOnce } from '../evaluator.ts';

export const evaluation: Evaluator = async (golden, backend) => {
  const { inputs } = golden;
  if (inputs.logits) return { computed: await runOnce(backend, labelLosses(inputs), inputs) };
  if (inputs.perm) return mixing(golden, backend);
  return { unsupported: 'neither logits nor a permutation is given' };
};

function labelLosses(inputs: Readonly<Record<string, Tensor>>): Record<string, Expr> {
  const logits = input('logits', (inputs.logits as Tensor).shape);
  const outputs: Record<string, Expr> = {};
  for (const kind of ['soft', 'hard'] as const) {
    const given = inputs[kind];
    if (!given) continue;
    const labels = input(kind, given.shape, given.dtype);
    const loss = crossEntropy(logits, labels);
    outputs[`${kind}.loss`] = loss;
    outputs[`${kind}.grad.logits`] = gradient(loss, [logits])[0] as Expr;
    outputs[`${kind}.train_accuracy`] = agreement(logits, labels);
  }
  return outputs;
}

const mixing: Evaluator = async ({ params, inputs }, backend): Promise<Evaluated> => {
  const { x, y, perm } = inputs as Record<string, Tensor>;
  if (!x || !perm) return { unsupported: 'no images are given' };
  const [height = 1, width = 1] = x.shape.slice(-2);
  const images = input('x', x.shape);
  const permutation = input('perm', perm.shape, 'int');
  const outputs: Record<string, Expr> = {};
  const computed: Record<string, Tensor> = {};
  const { lams, centres } = inputs;
  if (lams && centres) {
    const boxes = Array.from(lams.data, (lambda, index) => {
      const [row = 0, column = 0] = centres.data.subarray(2 * index, 2 * index + 2);
      return cutMixBox(lambda, [row, column], height, width);
    });
    for (const [index, box] of boxes.entries()) {
      outputs[`cutmix${index}`] = cutMix(images, permutation, constant(ints(box)));
    }
    computed.boxes = ints(boxes.flat(), [boxes.length, 4]);
    const kept = boxes.map((box) => exactLambda(box, height, width));
    computed.exact_lambda = floats(kept);
    if (y) {
      const labels = input('y', y.shape);
      outputs.mixed_labels = stack(
        kept.map((lambda) => mixUp(labels, permutation, lambda)),
        0,
      );
    }
  }
  if (params.mixup_lambda !== undefined) {
    outputs.mixup = mixUp(images, permutation, params.mixup_lambda as number);
  }
  return { computed: { ...computed, ...(await runOnce(backend, outputs, inputs)) } };
};
