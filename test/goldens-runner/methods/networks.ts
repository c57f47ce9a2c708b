/** Networks: forward pass, cross-entropy, gradients of images and parameters, moved buffers. */
import { crossEntropy } from '../../../nn/losses.ts';
import { type Mode, type Network, networkInputs } from '../../../nn/network.ts';
import { type Expr, input } from '../../../tensor/expr.ts';
import { gradient } from '../../../tensor/gradient.ts';
import { floats, sizeOf, type Tensor } from '../../../tensor/tensor.ts';
import type { GoldenCase } from '../case.ts';
import { type Evaluator, runOnce } from '../evaluator.ts';
import { networkOf } from '../network-case.ts';

/** Entries of a large gradient that a case stores. */
const SAMPLES = 32;

export const networks: Evaluator = async (golden, backend) => {
  const { params, source, inputs } = golden;
  const x = inputs.x as Tensor;
  const y = inputs.y as Tensor;
  const network = networkOf(params, source, x.shape, params.classes as number);
  if (!network.ok) return { unsupported: network.error.message };

  const images = input('x', x.shape);
  const values = networkInputs(network.value);
  const pass = network.value.apply(images, values, params.mode as Mode);
  const loss = crossEntropy(pass.logits, input('y', y.shape, 'int'));
  const names = parameterOrder(golden, network.value);
  const [gradX, ...gradients] = gradient(loss, [images, ...names.map((name) => values[name] as Expr)]);

  const outputs: Record<string, Expr> = { logits: pass.logits, loss, 'grad.x': gradX as Expr };
  if (pass.embedding) outputs.embedding = pass.embedding;
  for (const [index, name] of names.entries()) outputs[`grad.${name}`] = gradients[index] as Expr;
  for (const [name, moved] of Object.entries(pass.buffers)) outputs[`after.${name}`] = moved;
  const computed = await runOnce(backend, outputs, inputs);
  return { computed: { ...computed, ...summaries(names.map((name) => computed[`grad.${name}`] as Tensor)) } };
};

function parameterOrder({ params }: GoldenCase, network: Network): readonly string[] {
  if (params.parameter_order) return params.parameter_order as readonly string[];
  const listed = params.parameters as unknown as readonly { name: string }[] | undefined;
  return (listed ?? network.parameters).map(({ name }) => name);
}

/** What stands for gradients that are too large to store: their norms, and entries at ⌊j · size / 32⌋. */
function summaries(gradients: readonly Tensor[]): Record<'grad_l2' | 'grad_sample', Tensor> {
  const norms = gradients.map(({ data }) => {
    let squares = 0;
    for (const value of data) squares += value * value;
    return Math.sqrt(squares);
  });
  const samples = gradients.flatMap(({ data, shape }) =>
    Array.from({ length: SAMPLES }, (_, j) => data[Math.floor((j * sizeOf(shape)) / SAMPLES)] as number),
  );
  return { grad_l2: floats(norms), grad_sample: floats(samples, [gradients.length, SAMPLES]) };
}
