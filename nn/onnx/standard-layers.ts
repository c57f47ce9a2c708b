/**
 * Layers found again in the expressions that `nn/` builds, so that an exported model shows them as other programs write
 * them: a batch norm in eval mode and a linear layer are several expressions and one ONNX node. Parameters are known by
 * being inputs.
 */
import type { Expr } from '../../tensor/expr.ts';
import { NORM_EPSILON } from '../norms.ts';

export interface StandardLayer {
  readonly op: 'BatchNormalization' | 'Gemm' | 'Conv';
  readonly inputs: readonly Expr[];
}

/** The layer whose result `expr` is; undefined where it is none. */
export function standardLayer(expr: Expr): StandardLayer | undefined {
  if (expr.op !== 'add') return undefined;
  const [sum, last] = expr.inputs;
  if (!sum || !last) return undefined;
  return batchNorm(sum, last) ?? withBias(sum, last);
}

const isParameter = (expr: Expr | undefined): expr is Expr => expr?.op === 'input';

/** Parts of an expression of the operation `op`. */
function partsOf(expr: Expr | undefined, op: string): readonly (Expr | undefined)[] {
  return expr?.op === op ? expr.inputs : [];
}

/** (x - reshape(mean)) · reshape(scale) + reshape(bias) with scale = weight · rsqrt(variance + eps): `nn/norms.ts`. */
function batchNorm(product: Expr, spreadBias: Expr): StandardLayer | undefined {
  const [centred, spreadScale] = partsOf(product, 'mul');
  const [x, spreadMean] = partsOf(centred, 'sub');
  const [mean] = partsOf(spreadMean, 'reshape');
  const [scale] = partsOf(spreadScale, 'reshape');
  const [bias] = partsOf(spreadBias, 'reshape');
  const [weight, inverse] = partsOf(scale, 'mul');
  const [raised] = partsOf(inverse, 'rsqrt');
  const [variance, eps] = partsOf(raised, 'add');
  if (!x || eps?.value?.data[0] !== NORM_EPSILON) return undefined;
  if (!isParameter(weight) || !isParameter(bias) || !isParameter(mean) || !isParameter(variance)) return undefined;
  return { op: 'BatchNormalization', inputs: [x, weight, bias, mean, variance] };
}

/** x Wᵀ + b of a matrix x, and a convolution with its bias. */
function withBias(product: Expr, bias: Expr): StandardLayer | undefined {
  const [x, weight] = product.inputs;
  if (!x || !weight) return undefined;
  const { transA, transB } = product.attrs;
  if (product.op === 'matmul' && x.shape.length === 2 && transA === false && transB === true && isParameter(bias)) {
    return { op: 'Gemm', inputs: [x, weight, bias] };
  }
  const [channels] = partsOf(bias, 'reshape');
  if (
    product.op === 'conv2d' &&
    isParameter(channels) &&
    channels.shape.length === 1 &&
    bias.shape[1] === weight.shape[0]
  ) {
    return { op: 'Conv', inputs: [x, weight, channels] };
  }
  return undefined;
}
