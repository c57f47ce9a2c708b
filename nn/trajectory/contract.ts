/**
 * Inner products with a gradient, without the gradient. A weight's gradient G is bilinear in activations x and cotangents
 * δ, so ⟨Λ, G(x, δ)⟩ = ⟨δ, (∂G/∂δ)ᵀ Λ⟩: with G a filter's gradient, the convolution of x with Λ. The adjoint of a training
 * step holds that one anyway; the gradient itself, a third of a forward and backward pass, is then not needed at all.
 */
import type { Expr } from '../../tensor/expr.ts';
import { mul, sum } from '../../tensor/ops/index.ts';
import { opDefinition } from '../../tensor/ops/table.ts';
import { rewritten } from '../../tensor/rewritten.ts';

/** Operations bilinear in their inputs, and the input by which an inner product with them is taken. */
const BILINEAR: Readonly<Record<string, number>> = { conv2dFilterGrad: 1, matmul: 0 };

export function contracted(roots: readonly Expr[]): Expr[] {
  return rewritten(roots, (node) => (node.op === 'sum' && node.shape.length === 0 ? contraction(node) : node));
}

/** Σ a·b over everything, with a or b bilinear. */
function contraction(node: Expr): Expr {
  const [product] = node.inputs;
  if (product?.op !== 'mul' || product.dtype !== 'float') return node;
  const [a, b] = product.inputs as [Expr, Expr];
  if (a.shape.join() !== b.shape.join()) return node;
  return contractedWith(a, b) ?? contractedWith(b, a) ?? node;
}

function contractedWith(vector: Expr, bilinear: Expr): Expr | undefined {
  const index = BILINEAR[bilinear.op];
  const operand = index === undefined ? undefined : bilinear.inputs[index];
  if (index === undefined || !operand) return undefined;
  const other = opDefinition(bilinear.op).derivative?.(bilinear, vector, index);
  return other && sum(mul(operand, other));
}
