/** The parameter `augment` that stages share: a DSA strategy as the papers write it. */
import type { JsonObject } from '../base/json.ts';
import { unwrap } from '../base/result.ts';
import { parseStrategy, type Token } from '../nn/augment/dsa.ts';
import type { RuleProblem } from './stage.ts';

export const augmentParameter = {
  type: 'string',
  default: 'color_crop_cutout_flip_scale_rotate',
  description:
    'Differentiable augmentation: its kinds joined by underscores, one of them drawn each time; `none` for no augmentation. On digits (MNIST, SVHN) the papers leave `flip` out.',
  examples: ['color_crop_cutout_scale_rotate', 'none'],
} as const satisfies JsonObject;

export function augmentProblems(strategy: string): RuleProblem[] {
  const tokens = parseStrategy(strategy);
  if (tokens.ok) return [];
  const { message, help } = tokens.error;
  return [{ path: ['augment'], message: `${message}. ${help ?? ''}`.trimEnd() }];
}

/** Its kinds, in order; none at all for `none`. */
export function tokensOf(strategy: string): readonly Token[] {
  return unwrap(parseStrategy(strategy));
}

/** Written as none: the papers' code takes `None`, `none` and nothing alike. */
export function isWithoutAugment(strategy: unknown): boolean {
  return typeof strategy === 'string' && ['', 'none'].includes(strategy.toLowerCase());
}
