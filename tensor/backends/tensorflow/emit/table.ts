/** Every primitive's emission. */
import { convolution } from './convolution.ts';
import { elementwise } from './elementwise.ts';
import type { Emission } from './emission.ts';
import { indexing } from './indexing.ts';
import { pooling } from './pooling.ts';
import { reductions } from './reductions.ts';
import { sampling } from './sampling.ts';
import { shape } from './shape.ts';

export const emissions: Readonly<Record<string, Emission>> = {
  ...elementwise,
  ...reductions,
  ...shape,
  ...indexing,
  ...convolution,
  ...pooling,
  ...sampling,
};
