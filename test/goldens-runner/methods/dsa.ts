/** DSA: each operator, or all in order (mode M), with given draws; independent of each other and siamese. */
import {
  augmentAll,
  type ColorOperator,
  DSA_SETTINGS,
  type DsaSettings,
  drawParameters,
  drawsOf,
  parameterNames,
  parseStrategy,
  type Token,
} from '../../../nn/augment/dsa.ts';
import { type Expr, input } from '../../../tensor/expr.ts';
import { gradient } from '../../../tensor/gradient.ts';
import { mul, sum } from '../../../tensor/ops/index.ts';
import { floats, type Tensor } from '../../../tensor/tensor.ts';
import type { GoldenCase } from '../case.ts';
import { type Evaluator, runOnce } from '../evaluator.ts';
import { dc } from './dc.ts';

/** The uniform numbers that a case gives, by our parameters. */
const UNIFORMS: Readonly<Record<string, string>> = {
  brightness: 'u.brightness',
  saturation: 'u.saturation',
  contrast: 'u.contrast',
  mirrored: 'u.flip',
  scaleColumns: 'u.sx',
  scaleRows: 'u.sy',
  angle: 'u.rotate',
};
/** Whole numbers are given as such, since their rule depends on the random generator. */
const INTEGERS: Readonly<Record<string, string>> = {
  shiftRows: 'ti',
  shiftColumns: 'tj',
  holeRow: 'oi',
  holeColumn: 'oj',
};

export const dsa: Evaluator = async (golden, backend) => {
  // The matching loss on augmented images is gradient matching with draws.
  if (golden.params.outer_steps) return dc(golden, backend);
  const { inputs } = golden;
  const tokens = tokensOf(golden);
  if (typeof tokens === 'string') return { unsupported: tokens };
  const settings = settingsOf(golden);
  const x = inputs.x as Tensor;
  const w = inputs.w as Tensor;
  const drawn = parametersOf(golden, tokens, settings);

  const computed: Record<string, Tensor> = {};
  for (const mode of ['independent', 'siamese'] as const) {
    const feeds = Object.fromEntries(
      Object.entries(drawn).map(([name, values]) => [name, floats(mode === 'siamese' ? values.slice(0, 1) : values)]),
    );
    const images = input('x', x.shape);
    const parameters = Object.fromEntries(Object.entries(feeds).map(([name, { shape }]) => [name, input(name, shape)]));
    const out = augmentAll(images, tokens, parameters, settings);
    const [grad] = gradient(sum(mul(out, input('w', w.shape))), [images]);
    const results = await runOnce(backend, { out, grad: grad as Expr }, { ...feeds, x, w });
    computed[`${mode}.out`] = results.out as Tensor;
    computed[`${mode}.grad.x`] = results.grad as Tensor;
  }
  return { computed };
};

/** The strategy of a case of all operators, or the token drawn from it; otherwise the one token whose draws are given. */
function tokensOf({ params, inputs }: GoldenCase): readonly Token[] | string {
  if (typeof params.strategy === 'string') {
    // Mode S draws one of the strategy's tokens: which, the case says.
    const drawn = params.aug_mode === 'M' ? params.strategy : params.token;
    if (typeof drawn !== 'string') return `aug_mode ${JSON.stringify(params.aug_mode)} without the token drawn`;
    const tokens = parseStrategy(drawn);
    return tokens.ok ? tokens.value : tokens.error.message;
  }
  if (inputs.ti) return ['crop'];
  if (inputs.oi) return ['cutout'];
  if (inputs['u.flip']) return ['flip'];
  if (inputs['u.sx']) return ['scale'];
  if (inputs['u.rotate']) return ['rotate'];
  return colorOrder(inputs).length > 0 ? ['color'] : 'no draw of a known operator is given';
}

function colorOrder(inputs: GoldenCase['inputs']): readonly ColorOperator[] {
  return DSA_SETTINGS.colorOrder.filter((operator) => inputs[`u.${operator}`]);
}

function settingsOf({ params, inputs }: GoldenCase): DsaSettings {
  const order = (params.order as readonly ColorOperator[] | undefined) ?? colorOrder(inputs);
  const given: Record<string, unknown> = {
    brightness: params.brightness,
    saturation: params.saturation,
    contrast: params.contrast,
    cropRatio: params.ratio_crop_pad,
    cutoutRatio: params.ratio_cutout,
    flipProbability: params.prob_flip,
    scaleRatio: params.ratio_scale,
    rotateDegrees: params.ratio_rotate,
    alignCorners: params.align_corners,
    // A case of one colour operator calls its strength just `ratio`.
    ...(params.ratio !== undefined && order.length === 1 && { [order[0] as string]: params.ratio }),
    ...(order.length > 0 && { colorOrder: order }),
  };
  return { ...DSA_SETTINGS, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

function parametersOf(
  { inputs }: GoldenCase,
  tokens: readonly Token[],
  settings: DsaSettings,
): Record<string, Float32Array> {
  const [count = 1, , height = 1, width = 1] = (inputs.x as Tensor).shape;
  const drawn: Record<string, Float32Array> = {};
  for (const token of tokens) {
    const uniforms = new Float64Array(drawsOf(token) * count);
    for (const [index, name] of parameterNames(token).entries()) {
      const given = inputs[UNIFORMS[name] ?? ''];
      if (given) uniforms.set(given.data, index * count);
    }
    Object.assign(drawn, drawParameters(token, uniforms, count, { height, width }, settings));
  }
  for (const [name, given] of Object.entries(INTEGERS))
    if (inputs[given]) drawn[name] = Float32Array.from((inputs[given] as Tensor).data);
  return drawn;
}
