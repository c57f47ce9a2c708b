/** A graph with what it is fed, to be computed by every backend and compared. */
import { type Expr, input } from '../../expr.ts';
import { gradient } from '../../gradient.ts';
import * as op from '../../ops/index.ts';
import type { Tensor } from '../../tensor.ts';
import type { Outputs, Values } from './compare.ts';

export interface GraphCase {
  readonly name: string;
  readonly outputs: Outputs;
  readonly feeds: Values;
  /** Where the usual one would ask for more than float32 holds. */
  readonly tolerance?: number;
}

/** Several results of the same fed tensors; of those named in `slopesOf` also the derivatives in every input. */
export function graphCase(
  name: string,
  fed: readonly Tensor[],
  build: (...inputs: Expr[]) => Outputs,
  slopesOf: readonly string[] = [],
): GraphCase {
  const inputs = fed.map(({ shape, dtype }, index) => input(`x${index}`, shape, dtype));
  const outputs: Record<string, Expr> = { ...build(...inputs) };
  for (const slopeOf of slopesOf) {
    const slopes = gradient(op.sum(outputs[slopeOf] as Expr), inputs);
    for (const [index, slope] of slopes.entries()) outputs[`${slopeOf}, slope in ${index}`] = slope;
  }
  return { name, outputs, feeds: Object.fromEntries(fed.map((tensor, index) => [`x${index}`, tensor])) };
}
