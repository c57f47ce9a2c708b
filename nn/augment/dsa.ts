/**
 * Differentiable Siamese Augmentation (Zhao and Bilen, ICML 2021). A strategy is a list of tokens; mode S applies one
 * token, drawn once a mini-batch, mode M all of them in the strategy's order.
 *
 * Parameters of a token are inputs: shape [N] gives every image its own, shape [1] is the siamese form, one value for
 * the whole batch. Every token is affine in the images, so its pullback needs the parameters but not the images.
 * Order of use: `parseStrategy` → `drawToken` → `drawParameters` (host) → `augment` (graph), or the ready-made programs
 * of `dsa-programs.ts`.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import type { Expr } from '../../tensor/expr.ts';
import { color } from './color.ts';
import { cutout } from './cutout.ts';
import { crop, flip, rotate, scale } from './resample.ts';

export type Token = 'color' | 'crop' | 'cutout' | 'flip' | 'scale' | 'rotate';

export interface DsaSettings {
  /** Brightness: added constants spread over this width, centred on 0. */
  readonly brightness: number;
  /** Saturation factors are uniform in [0, this]. */
  readonly saturation: number;
  /** Contrast factors are uniform in [this, this + 1]. */
  readonly contrast: number;
  /** Largest shift over the image's side. */
  readonly cropRatio: number;
  /** Side of the hole over the image's side. */
  readonly cutoutRatio: number;
  readonly flipProbability: number;
  /** Scale factors are uniform in [1/this, this]. */
  readonly scaleRatio: number;
  /** Largest angle in degrees. */
  readonly rotateDegrees: number;
  /** Whether pixel centres of the border lie at ±1; the published operators say true. Matters off the square only. */
  readonly alignCorners: boolean;
  /** Operators of the token color, in order. */
  readonly colorOrder: readonly ColorOperator[];
}

export type ColorOperator = 'brightness' | 'saturation' | 'contrast';

export const DSA_SETTINGS: DsaSettings = {
  brightness: 1,
  saturation: 2,
  contrast: 0.5,
  cropRatio: 0.125,
  cutoutRatio: 0.5,
  flipProbability: 0.5,
  scaleRatio: 1.2,
  rotateDegrees: 15,
  alignCorners: true,
  colorOrder: ['brightness', 'saturation', 'contrast'],
};

/** Height and width of the images. */
export interface Extent {
  readonly height: number;
  readonly width: number;
}

/** A parameter of a token: its name and how a uniform number in [0, 1) becomes a value. */
interface ParameterRule {
  readonly name: string;
  readonly from: (u: number, settings: DsaSettings, extent: Extent) => number;
}

/** Pixels: ⌊ratio·side + 1/2⌋. */
export function pixels(ratio: number, side: number): number {
  return Math.floor(ratio * side + 0.5);
}

/** A whole number uniform in [low, high]. */
function wholeNumber(u: number, low: number, high: number): number {
  return Math.min(high, low + Math.floor(u * (high - low + 1)));
}

function shift(u: number, settings: DsaSettings, side: number): number {
  const largest = pixels(settings.cropRatio, side);
  return wholeNumber(u, -largest, largest);
}

/** Centre of the hole: in [0, side] where its side is even, in [0, side - 1] where it is odd. */
function holeCentre(u: number, settings: DsaSettings, side: number): number {
  return wholeNumber(u, 0, side - (pixels(settings.cutoutRatio, side) % 2));
}

function scaleFactor(u: number, { scaleRatio }: DsaSettings): number {
  return 1 / scaleRatio + u * (scaleRatio - 1 / scaleRatio);
}

const RULES: Readonly<Record<Token, readonly ParameterRule[]>> = {
  color: [
    { name: 'brightness', from: (u, settings) => (u - 0.5) * settings.brightness },
    { name: 'saturation', from: (u, settings) => u * settings.saturation },
    { name: 'contrast', from: (u, settings) => u + settings.contrast },
  ],
  crop: [
    { name: 'shiftRows', from: (u, settings, { height }) => shift(u, settings, height) },
    { name: 'shiftColumns', from: (u, settings, { width }) => shift(u, settings, width) },
  ],
  cutout: [
    { name: 'holeRow', from: (u, settings, { height }) => holeCentre(u, settings, height) },
    { name: 'holeColumn', from: (u, settings, { width }) => holeCentre(u, settings, width) },
  ],
  flip: [{ name: 'mirrored', from: (u, settings) => (u < settings.flipProbability ? 1 : 0) }],
  scale: [
    { name: 'scaleColumns', from: scaleFactor },
    { name: 'scaleRows', from: scaleFactor },
  ],
  rotate: [{ name: 'angle', from: (u, { rotateDegrees }) => ((u - 0.5) * 2 * rotateDegrees * Math.PI) / 180 }],
};

export const TOKENS = Object.keys(RULES) as readonly Token[];

/** Names of a token's parameters, in the order in which the official code draws them. */
export function parameterNames(token: Token): readonly string[] {
  return RULES[token].map((rule) => rule.name);
}

/** `color_crop_flip` → its tokens. Empty and `none` mean no augmentation. */
export function parseStrategy(strategy: string): Result<readonly Token[]> {
  if (strategy === '' || strategy.toLowerCase() === 'none') return ok([]);
  const words = strategy.split('_');
  const unknown = words.find((word) => !TOKENS.some((token) => token === word));
  if (unknown !== undefined) {
    return fail('DSA_STRATEGY', `The augmentation strategy "${strategy}" holds "${unknown}", which is no token`, {
      help: `Tokens, joined by underscores: ${TOKENS.join(', ')}`,
    });
  }
  return ok(words as Token[]);
}

/** Mode S: the token of a mini-batch from one uniform number. */
export function drawToken(tokens: readonly Token[], u: number): Token {
  const token = tokens[wholeNumber(u, 0, tokens.length - 1)];
  if (token === undefined) throw new Error('No token to draw from an empty strategy');
  return token;
}

/**
 * Values of a token's parameters from uniform numbers in [0, 1). `uniforms` holds `count` numbers for the first
 * parameter, then `count` for the next; `count` is 1 in the siamese form, else the number of images.
 */
export function drawParameters(
  token: Token,
  uniforms: ArrayLike<number>,
  count: number,
  extent: Extent,
  settings: DsaSettings = DSA_SETTINGS,
): Record<string, Float32Array> {
  const rules = RULES[token];
  if (uniforms.length < rules.length * count) {
    throw new Error(`${token} of ${count} needs ${rules.length * count} uniform numbers, got ${uniforms.length}`);
  }
  return Object.fromEntries(
    rules.map(({ name, from }, rule) => [
      name,
      Float32Array.from({ length: count }, (_, image) => from(uniforms[rule * count + image]!, settings, extent)),
    ]),
  );
}

/** How many uniform numbers an image (or a siamese draw) of this token takes. */
export function drawsOf(token: Token): number {
  return RULES[token].length;
}

/** One token applied to images [N, C, H, W]; `parameters` by `parameterNames`, each [N] or [1]. */
export function augment(
  images: Expr,
  token: Token,
  parameters: Readonly<Record<string, Expr>>,
  settings: DsaSettings = DSA_SETTINGS,
): Expr {
  const of = (name: string): Expr => {
    const value = parameters[name];
    if (!value) throw new Error(`The token ${token} needs its parameter ${name}`);
    return value;
  };
  switch (token) {
    case 'color':
      return color(images, settings.colorOrder, of);
    case 'crop':
      return crop(images, of('shiftRows'), of('shiftColumns'));
    case 'cutout':
      return cutout(images, of('holeRow'), of('holeColumn'), settings.cutoutRatio);
    case 'flip':
      return flip(images, of('mirrored'));
    case 'scale':
      return scale(images, of('scaleRows'), of('scaleColumns'));
    case 'rotate':
      return rotate(images, of('angle'), settings.alignCorners);
  }
}

/** Mode M: all tokens in the strategy's order. */
export function augmentAll(
  images: Expr,
  tokens: readonly Token[],
  parameters: Readonly<Record<string, Expr>>,
  settings: DsaSettings = DSA_SETTINGS,
): Expr {
  return tokens.reduce((x, token) => augment(x, token, parameters, settings), images);
}
