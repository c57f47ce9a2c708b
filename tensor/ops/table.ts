/** The closed list of operations, as `tensor/OPS.md` lists them. */
import { compare } from './compare.ts';
import { convolution } from './convolution.ts';
import { elementwise } from './elementwise.ts';
import { indexing } from './indexing.ts';
import { matrices } from './matmul.ts';
import { normalisation } from './normalise.ts';
import { pooling } from './pooling.ts';
import { reduce } from './reduce.ts';
import { register } from './registry.ts';
import { sampling } from './sampling.ts';
import { shape } from './shape.ts';

for (const family of [
  elementwise,
  compare,
  reduce,
  shape,
  indexing,
  matrices,
  convolution,
  pooling,
  normalisation,
  sampling,
]) {
  register(family);
}

export { apply, withOrigin } from './apply.ts';
export type { OpDefinition, Signature } from './definition.ts';
export { opDefinition, opNames } from './registry.ts';
