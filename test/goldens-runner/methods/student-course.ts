/** The student of MTT and TESLA cases: its steps, batches and augmentations, as a case gives them. */
import { matchingLoss, type StudentOptions, studentStep } from '../../../methods/mtt.ts';
import {
  DSA_SETTINGS,
  type DsaSettings,
  drawParameters,
  drawsOf,
  parameterNames,
  TOKENS,
  type Token,
} from '../../../nn/augment/dsa.ts';
import type { Network } from '../../../nn/network.ts';
import { FinalLoss } from '../../../nn/trajectory/final-loss.ts';
import { type Course, type StepInputs, Unroll } from '../../../nn/trajectory/unroll.ts';
import { dsaView } from '../../../nn/trajectory/view.ts';
import type { Backend } from '../../../tensor/backends/backend.ts';
import type { Expr } from '../../../tensor/expr.ts';
import { floats, type Tensor } from '../../../tensor/tensor.ts';
import type { GoldenCase } from '../case.ts';
import { parameterList, unflattened } from '../flat-parameters.ts';
import { networkOf } from '../network-case.ts';

/** What a case calls the draws of a token; a token of one draw calls it `u`. */
const DRAWS: Readonly<Record<string, string>> = {
  brightness: 'u.brightness',
  saturation: 'u.saturation',
  contrast: 'u.contrast',
  mirrored: 'u',
  scaleColumns: 'u.sx',
  scaleRows: 'u.sy',
  angle: 'u',
  shiftRows: 'ti',
  shiftColumns: 'tj',
  holeRow: 'oi',
  holeColumn: 'oj',
};
/** These are given as whole numbers, not as uniform ones. */
const WHOLE = new Set(['shiftRows', 'shiftColumns', 'holeRow', 'holeColumn']);

export interface Student {
  readonly network: Network;
  readonly unroll: Unroll;
  readonly course: Course;
  readonly loss: FinalLoss;
  /** What `loss` reads besides the last state. */
  readonly lossFeeds: Readonly<Record<string, Tensor>>;
}

export async function studentOf(
  golden: GoldenCase,
  backend: Backend,
  options: Omit<StudentOptions, 'count'> & { labelArray?: string },
): Promise<Student | string> {
  const { params, source, inputs } = golden;
  const syn = inputs.syn as Tensor;
  const built = networkOf(params, source, syn.shape, params.classes as number);
  if (!built.ok) return built.error.message;
  const network = built.value;
  const steps = stepsOf(golden);
  if (typeof steps === 'string') return steps;

  const list = parameterList(params);
  const [start, target] = [inputs.theta_start, inputs.theta_target].map((flat) => unflattened(flat as Tensor, list));
  const buffers = network.buffers.map(({ name, shape, value }) => [
    name,
    floats(new Float64Array(shape[0] ?? 0).fill(value), shape),
  ]);
  const settings = settingsOf(params);
  const unroll = new Unroll(backend, {
    step: (kind) => studentStep(network, { ...options, count: Number(kind) }),
    view: (token, kind) =>
      dsaView(
        'images',
        studentStep(network, { ...options, count: Number(kind) }).learned.images as Expr,
        token as Token,
        settings,
      ),
  });
  const { loss, student } = matchingLoss(network);
  return {
    network,
    unroll,
    loss: await FinalLoss.compile(backend, loss, student),
    lossFeeds: { ...prefixed('start', start), ...prefixed('target', target) },
    course: {
      start: { ...start, ...Object.fromEntries(buffers) },
      arrays: {
        images: syn,
        labels: inputs[options.labelArray ?? 'y'] as Tensor,
        rate: { ...(inputs.lr as Tensor), shape: [] },
      },
      steps,
    },
  };
}

function stepsOf({ params, inputs }: GoldenCase): readonly StepInputs[] | string {
  const [images = 0, , height = 1, width = 1] = (inputs.syn as Tensor).shape;
  const tokens = params.dsa === true ? (params.tokens as readonly string[]) : [];
  const unknown = tokens.find((token) => !TOKENS.some((known) => known === token));
  if (unknown !== undefined) return `DSA token ${unknown}`;
  const settings = settingsOf(params);
  return Array.from({ length: params.syn_steps as number }, (_, step) => {
    const batch = inputs[`batch${step}`]?.data as Int32Array | undefined;
    const count = batch?.length ?? images;
    const common = { kind: String(count), ...(batch && { rows: { images: batch, labels: batch } }) };
    const token = tokens[step] as Token | undefined;
    if (!token) return common;
    const draws = drawsOfStep(inputs, step, token, count, { height, width }, settings);
    return { ...common, view: token, feeds: draws };
  });
}

function drawsOfStep(
  inputs: GoldenCase['inputs'],
  step: number,
  token: Token,
  count: number,
  extent: { height: number; width: number },
  settings: DsaSettings,
): Record<string, Tensor> {
  const given = (name: string) => {
    const draw = inputs[`step${step}.${DRAWS[name]}`];
    if (!draw) throw new Error(`The case has no draw step${step}.${DRAWS[name]}`);
    return draw.data;
  };
  const names = parameterNames(token);
  const uniforms = new Float64Array(drawsOf(token) * count);
  for (const [index, name] of names.entries()) if (!WHOLE.has(name)) uniforms.set(given(name), index * count);
  const drawn = drawParameters(token, uniforms, count, extent, settings);
  return Object.fromEntries(
    names.map((name) => [name, floats(WHOLE.has(name) ? Float32Array.from(given(name)) : drawn[name]!)]),
  );
}

function settingsOf(params: GoldenCase['params']): DsaSettings {
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
    colorOrder: params.order,
  };
  return { ...DSA_SETTINGS, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

function prefixed(prefix: string, values: Readonly<Record<string, Tensor>> | undefined): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [`${prefix}.${name}`, value]));
}
