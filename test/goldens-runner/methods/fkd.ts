/** FKD: short forms of soft labels rebuilt over all classes, and the student's loss on them. */
import { type LabelForm, rebuilt, type ShortLabels } from '../../../methods/fkd.ts';
import { crossEntropy } from '../../../nn/losses.ts';
import { type Expr, input } from '../../../tensor/expr.ts';
import { gradient } from '../../../tensor/gradient.ts';
import { cast, expandDims, sliceAlong, squeeze } from '../../../tensor/ops/index.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import type { GoldenCase } from '../case.ts';
import { type Evaluator, runOnce } from '../evaluator.ts';

export const fkd: Evaluator = async (golden, backend) => {
  const { params, inputs, outputs: wanted } = golden;
  const student = input('student', (inputs.student as Tensor).shape);
  const outputs: Record<string, Expr> = {};
  for (const output of Object.keys(wanted)) {
    if (!output.endsWith('.rebuilt')) continue;
    const name = output.slice(0, -'.rebuilt'.length);
    const form = FORMS.find(({ prefix }) => name === prefix || name.startsWith(`${prefix}_k`))?.form;
    const record = recordOf(name, golden);
    if (!form || !record) return { unsupported: `label form ${JSON.stringify(name)}` };
    const given = input(record, (inputs[record] as Tensor).shape, (inputs[record] as Tensor).dtype);
    const label = form === 'full' ? given : rebuilt(stored(given, form), form, params.classes as number);
    const loss = crossEntropy(student, label);
    outputs[output] = label;
    outputs[`${name}.loss`] = loss;
    outputs[`${name}.grad.student`] = gradient(loss, [student])[0] as Expr;
  }
  return { computed: await runOnce(backend, outputs, inputs) };
};

const FORMS: readonly { readonly prefix: string; readonly form: LabelForm | 'full' }[] = [
  { prefix: 'hard', form: 'hard' },
  { prefix: 'smoothing', form: 'smoothing' },
  { prefix: 'marginal_smoothing', form: 'marginal-smoothing' },
  { prefix: 'marginal_renorm', form: 'marginal-renorm' },
  { prefix: 'full', form: 'full' },
  { prefix: 'ori', form: 'full' },
];

/** The input that a form is rebuilt from: renormalised labels are read from the record of marginal smoothing that the notes name. */
function recordOf(name: string, { inputs, notes }: GoldenCase): string | undefined {
  const smoothing = name.replace('renorm', 'smoothing');
  const [, told] = new RegExp(`${name} is rebuilt from the same record as (\\w+)`).exec(notes) ?? [];
  const candidates = [`stored.${name}`, `stored.${told}`, `stored.${smoothing}`];
  if (name === 'full' || name === 'ori') candidates.push('teacher');
  return (
    candidates.find((candidate) => inputs[candidate]) ??
    (smoothing === name ? undefined : Object.keys(inputs).find((key) => key.startsWith(`stored.${smoothing}`)))
  );
}

/** [N] (hard), [N, 2] (index, probability), [N, 2, K] (indices, probabilities). */
function stored(record: Expr, form: LabelForm): ShortLabels {
  if (form === 'hard') {
    const indices = expandDims(cast(record, 'int'), -1);
    return { indices, probabilities: cast(indices, 'float') };
  }
  const wide = record.shape.length === 3 ? record : expandDims(record, -1);
  const part = (index: number) => squeeze(sliceAlong(wide, 1, index, 1), [1]);
  return { indices: cast(part(0), 'int'), probabilities: part(1) };
}
