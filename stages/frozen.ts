/**
 * Programs of a network that stays as it is: its weights are constants of the program, so that backends lay filters out
 * once and not at every run. Where nothing but a batch norm in eval mode reads a convolution, the norm goes into it:
 *
 *   ((W * x + b) - μ) · s + β = (s·W) * x + ((b - μ)·s + β)
 *
 * which differs by rounding alone; the shift is computed in float64.
 */
import { winogradForm } from '../nn/winograd.ts';
import type { Backend } from '../tensor/backends/backend.ts';
import { optimise } from '../tensor/compile/optimise.ts';
import { constant, type Expr } from '../tensor/expr.ts';
import { add } from '../tensor/ops/index.ts';
import { apply } from '../tensor/ops/table.ts';
import { renamed, rewritten } from '../tensor/rewritten.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';
import { inTopologicalOrder, readerCounts } from '../tensor/topological.ts';

type Outputs = Readonly<Record<string, Expr>>;

/** `outputs` with `values` in place of the inputs of their names. */
export function frozen(
  outputs: Outputs,
  values: Readonly<Record<string, Tensor>>,
  { name }: Pick<Backend, 'name'>,
): Record<string, Expr> {
  const known = new Map(Object.entries(values).map(([name, value]) => [name, constant(value)]));
  const fixed = ({ op, attrs }: Expr) => (op === 'input' ? known.get(attrs.name as string) : undefined);
  const made = renamed(
    outputs,
    rewritten(Object.values(outputs), (node) => fixed(node) ?? node),
  );
  // Scales and shifts of norms become constants here.
  const whole = optimise(made);
  const plain = withoutNorms(Object.values(whole));
  // The other backends have algorithms of their own.
  return renamed(whole, name === 'onnxruntime' ? rewritten(plain, (node) => withFewerProducts(node) ?? node) : plain);
}

/** Constants by channel, added to what a convolution of constant filters gives or multiplied with it, go into it. */
function withoutNorms(roots: readonly Expr[]): Expr[] {
  const readers = readerCounts(inTopologicalOrder(roots), roots);
  return rewritten(roots, (node, before) => {
    const [a, b] = node.inputs;
    const isAlone = (index: number) => readers.get(before.inputs[index] as Expr) === 1;
    if (a && b && isAlone(0)) return withFactor(node.op, a, b) ?? node;
    if (a && b && isAlone(1) && node.op !== 'sub') return withFactor(node.op, b, a) ?? node;
    return node;
  });
}

function withFactor(op: string, x: Expr, factor: Expr): Expr | undefined {
  const { convolution, shift } = shiftedConvolution(x) ?? {};
  if (!convolution || !shift || !isPerChannel(factor, x)) return undefined;
  const of = (factor.value as Tensor).data;
  const at = (channel: number): number => of[channel] ?? 0;
  if (op === 'add')
    return shifted(
      convolution,
      shift.map((value, channel) => value + at(channel)),
    );
  if (op === 'sub')
    return shifted(
      convolution,
      shift.map((value, channel) => value - at(channel)),
    );
  if (op !== 'mul') return undefined;
  const scaledShift = shift.map((value, channel) => value * at(channel));
  return shifted(scaled(convolution, at), scaledShift);
}

/** With filters that are a factor of their result channel larger. */
function scaled({ inputs, attrs }: Expr, factorOf: (channel: number) => number): Expr {
  const [images, { value: filters, shape }] = inputs as [Expr, Expr & { readonly value: Tensor }];
  const size = sizeOf(shape.slice(1));
  const data = Float32Array.from(filters.data, (weight, index) => weight * factorOf(Math.floor(index / size)));
  return apply('conv2d', [images, constant({ dtype: 'float', shape, data })], attrs);
}

interface ShiftedConvolution {
  readonly convolution: Expr;
  /** By channel; zeros where nothing is added. */
  readonly shift: Float64Array;
}

function shiftedConvolution(x: Expr): ShiftedConvolution | undefined {
  if (x.op === 'conv2d' && x.inputs[1]?.value) return { convolution: x, shift: new Float64Array(x.shape[1] ?? 0) };
  const [convolution, shift] = x.inputs;
  if (x.op !== 'add' || convolution?.op !== 'conv2d' || !convolution.inputs[1]?.value) return undefined;
  if (!shift || !isPerChannel(shift, x)) return undefined;
  return { convolution, shift: Float64Array.from((shift.value as Tensor).data) };
}

function shifted(convolution: Expr, shift: Float64Array): Expr {
  return add(convolution, constant({ dtype: 'float', shape: [1, shift.length, 1, 1], data: shift }));
}

/** One number a channel of `images` [N, C, H, W]. */
function isPerChannel({ value, dtype, shape }: Expr, { shape: images }: Expr): boolean {
  return dtype === 'float' && value?.data.length === images[1] && shape.at(-3) === images[1];
}

function withFewerProducts(node: Expr): Expr | undefined {
  return node.inputs[1]?.value && winogradForm(node);
}
