/** The rule of `test/goldens/README.md`: max |got - want| ≤ atol + rtol · max |want| over the whole tensor; integers equal. */
import type { Tensor } from '../../tensor/tensor.ts';
import type { GoldenCase } from './case.ts';

export interface Comparison {
  /** The largest error over the allowed one; infinite where a tensor is missing, misshapen or not finite. */
  readonly ratio: number;
  /** The output with that error. */
  readonly output: string;
}

export function compare(golden: GoldenCase, computed: Readonly<Record<string, Tensor>>): Comparison {
  let worst: Comparison = { ratio: 0, output: '' };
  for (const [output, want] of Object.entries(golden.outputs)) {
    const ratio = errorRatio(computed[output], want, golden);
    if (ratio > worst.ratio || worst.output === '') worst = { ratio, output };
  }
  return worst;
}

function errorRatio(got: Tensor | undefined, want: Tensor, { rtol, atol }: GoldenCase): number {
  if (!got || got.shape.join() !== want.shape.join()) return Number.POSITIVE_INFINITY;
  let error = 0;
  let size = 0;
  for (const [index, value] of want.data.entries()) {
    const difference = Math.abs((got.data[index] as number) - value);
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    error = Math.max(error, difference);
    size = Math.max(size, Math.abs(value));
  }
  if (want.dtype === 'int') return error === 0 ? 0 : Number.POSITIVE_INFINITY;
  return error / (atol + rtol * size);
}
