/** Activations by the names that specs use. GELU is the exact one (error function). */
import type { Expr } from '../tensor/expr.ts';
import { add, erf, min, mul, relu, sigmoid } from '../tensor/ops/index.ts';

export type Activation = 'relu' | 'relu6' | 'leakyRelu' | 'sigmoid' | 'swish' | 'gelu';

/** PyTorch's default, which the matching family uses. */
const LEAKY_SLOPE = 0.01;

export function activate(x: Expr, activation: Activation, slope = LEAKY_SLOPE): Expr {
  switch (activation) {
    case 'relu':
      return relu(x);
    case 'relu6':
      // The 6 first: where both are equal the derivative is 0, as in PyTorch.
      return min(6, relu(x));
    case 'leakyRelu':
      // slope·x + (1 - slope)·max(x, 0): the derivative at 0 is the slope, as in PyTorch.
      return add(mul(x, slope), mul(relu(x), 1 - slope));
    case 'sigmoid':
      return sigmoid(x);
    case 'swish':
      return mul(x, sigmoid(x));
    case 'gelu':
      return mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));
  }
}
