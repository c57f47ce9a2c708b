/**
 * Mode S as small programs: a batch has one token, so a stage compiles one graph a token (and one for its pullback) and
 * chains them by hand at the program boundary. The same programs serve a siamese draw per class (one call a class, with
 * that class's token) and independent draws of a mini-batch.
 */
import { type Expr, input } from '../../tensor/expr.ts';
import { vjp } from '../../tensor/gradient.ts';
import type { Shape } from '../../tensor/tensor.ts';
import { augment, DSA_SETTINGS, type DsaSettings, parameterNames, type Token } from './dsa.ts';

export interface AugmentationOptions {
  /** One draw for the whole batch (parameters of shape [1]) instead of one an image ([N]). */
  readonly siamese: boolean;
  readonly settings?: DsaSettings;
}

/** Parameters of a token as inputs by their names. */
export function parameterInputs(token: Token, count: number): Record<string, Expr> {
  return Object.fromEntries(parameterNames(token).map((name) => [name, input(name, [count])]));
}

/** Inputs `images` and the token's parameters; output `images`. */
export function augmentProgram(
  token: Token,
  shape: Shape,
  { siamese, settings = DSA_SETTINGS }: AugmentationOptions,
): Record<'images', Expr> {
  const parameters = parameterInputs(token, siamese ? 1 : (shape[0] ?? 1));
  return { images: augment(input('images', shape), token, parameters, settings) };
}

/** Inputs `gradient` (with respect to the augmented images) and the parameters; output `gradient` of the images. */
export function augmentPullback(
  token: Token,
  shape: Shape,
  { siamese, settings = DSA_SETTINGS }: AugmentationOptions,
): Record<'gradient', Expr> {
  const parameters = parameterInputs(token, siamese ? 1 : (shape[0] ?? 1));
  const images = input('images', shape);
  const augmented = augment(images, token, parameters, settings);
  const [gradient] = vjp([augmented], [input('gradient', shape)], [images]);
  if (!gradient) throw new Error(`No gradient passes through ${token}`);
  return { gradient };
}
