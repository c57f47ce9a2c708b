/** SRe2L: the recover loss, on the images or on a given view of them; updates with Adam, cosine rate and clipping. */

import { fail, type Result } from '../../../base/result.ts';
import { clipToPixels, denormalised, type RecoverWeights, recoverLoss } from '../../../methods/sre2l.ts';
import { type View, viewOf } from '../../../nn/augment/view.ts';
import { buildNetwork, type Mode, type Network, networkInputs } from '../../../nn/network.ts';
import { adam } from '../../../nn/optimisers.ts';
import { namedNetworks } from '../../../nn/registry.ts';
import { cosineDecay } from '../../../nn/schedules.ts';
import type { Backend } from '../../../tensor/backends/backend.ts';
import { constant, type Expr, input } from '../../../tensor/expr.ts';
import { gradient } from '../../../tensor/gradient.ts';
import { floats, type Shape, scalar, type Tensor } from '../../../tensor/tensor.ts';
import type { GoldenCase } from '../case.ts';
import { type Evaluated, type Evaluator, runOnce } from '../evaluator.ts';
import { networkOf } from '../network-case.ts';

export const sre2l: Evaluator = async (golden, backend) => {
  const { params, inputs } = golden;
  const network = frozenNetwork(golden);
  if (!network.ok) return { unsupported: network.error.message };
  return params.iterations_run === undefined
    ? lossOnce(golden, network.value, inputs, backend)
    : updates(golden, network.value, inputs, backend);
};

interface Listed {
  readonly name: string;
  readonly shape: Shape;
}

/** A ConvNet by its description; a larger network is the named one with the listed parameters and buffers. */
function frozenNetwork({ params, inputs, source }: GoldenCase): Result<Network> {
  const images = (inputs.x as Tensor).shape;
  const listed = params.parameters as unknown as readonly Listed[] | undefined;
  const classes = (params.classes ?? inputs['classifier.bias']?.shape[0] ?? listed?.at(-1)?.shape[0]) as number;
  if (params.width !== undefined || !listed) return networkOf(params, source, images, classes);
  const [channels = 1, height = 1, width = 1] = images.slice(-3);
  const signature = (tensors: readonly Listed[]) => tensors.map(({ name, shape }) => `${name} [${shape}]`).join();
  for (const spec of Object.values(namedNetworks)) {
    const network = buildNetwork(spec, { channels, height, width, classes });
    if (network.ok && network.value.buffers.length > 0 && signature(network.value.parameters) === signature(listed)) {
      return network;
    }
  }
  return fail('GOLDEN_PARAMETER', 'no named network with batch norm has the listed parameters');
}

function weightsOf({ params }: GoldenCase): RecoverWeights {
  return {
    batchNorm: params.r_bn as number,
    firstLayer: params.first_bn_multiplier as number,
    totalVariation: (params.tv_l2 ?? 0) as number,
    l2: (params.l2_scale ?? 0) as number,
  };
}

function value(number: number): Expr {
  return constant(floats([number]));
}

function givenView({ params }: GoldenCase, roll: readonly number[] | undefined): View {
  const [top = 0, left = 0, height = 0, width = 0] = (params.crop_box_top_left_h_w ?? []) as readonly number[];
  const [rows = 0, columns = 0] = roll ?? [];
  return {
    ...(params.crop_box_top_left_h_w !== undefined && {
      crop: { top: value(top), left: value(left), height: value(height), width: value(width) },
    }),
    ...(params.flip === true && { mirrored: value(1) }),
    ...(roll && { roll: { rows: value(rows), columns: value(columns) } }),
  };
}

async function lossOnce(
  golden: GoldenCase,
  network: Network,
  feeds: Readonly<Record<string, Tensor>>,
  backend: Backend,
): Promise<Evaluated> {
  const { params, inputs } = golden;
  const x = input('x', (inputs.x as Tensor).shape);
  const view = viewOf(x, givenView(golden, params.roll as readonly number[] | undefined));
  const labels = input('y', (inputs.y as Tensor).shape, 'int');
  const mode = (params.net_mode ?? 'eval') as Mode;
  const parts = recoverLoss(network, networkInputs(network), view, labels, weightsOf(golden), mode);
  const outputs = {
    view,
    loss: parts.loss,
    loss_ce: parts.crossEntropy,
    loss_bn: parts.batchNorm,
    loss_tv: parts.totalVariation,
    loss_l2: parts.l2,
    r_per_layer: parts.layers,
    logits: parts.logits,
    'grad.x': gradient(parts.loss, [x])[0] as Expr,
  };
  return { computed: await runOnce(backend, outputs, feeds) };
}

async function updates(
  golden: GoldenCase,
  network: Network,
  feeds: Readonly<Record<string, Tensor>>,
  backend: Backend,
): Promise<Evaluated> {
  const { params, inputs } = golden;
  const start = inputs.x as Tensor;
  const x = input('x', start.shape);
  const labels = input('y', (inputs.y as Tensor).shape, 'int');
  const [mean, std] = [params.mean, params.std].map((constants) => constant(floats(constants as readonly number[])));
  const optimiser = adam({
    betas: (params.adam_betas ?? [0.5, 0.9]) as unknown as readonly [number, number],
    epsilon: (params.adam_eps ?? 1e-8) as number,
  });
  let state: Record<string, Tensor> = { x: start, ...optimiser.init({ x: start }) };
  const slots = Object.fromEntries(Object.entries(state).map(([name, { shape }]) => [name, input(name, shape)]));
  const schedule = cosineDecay(params.total_iterations as number);
  const rolls = params.roll as unknown as readonly (readonly number[])[] | undefined;
  const mode = (params.net_mode ?? 'eval') as Mode;

  const computed: Record<string, Tensor> = {};
  const [losses, rates]: [number[], number[]] = [[], []];
  for (let step = 0; step < (params.iterations_run as number); step++) {
    const view = viewOf(x, givenView(golden, rolls?.[step]));
    const { loss } = recoverLoss(network, networkInputs(network), view, labels, weightsOf(golden), mode);
    const scalars = optimiser.scalars(step);
    const scalarInputs = Object.fromEntries(Object.keys(scalars).map((name) => [name, input(name, [])]));
    const [grad] = gradient(loss, [x]) as [Expr];
    const next = optimiser.update({ x }, { x: grad }, slots, input('rate', []), scalarInputs);
    const clipped = clipToPixels(next.parameters.x as Expr, mean as Expr, std as Expr);
    const rate = (params.lr as number) * schedule(step);
    const results = await runOnce(
      backend,
      { loss, x: clipped, ...next.state, denormalised: denormalised(clipped, mean as Expr, std as Expr) },
      {
        ...feeds,
        ...state,
        rate: scalar(rate),
        ...Object.fromEntries(Object.entries(scalars).map(([name, number]) => [name, scalar(number)])),
      },
    );
    state = Object.fromEntries(Object.keys(state).map((name) => [name, results[name] as Tensor]));
    losses.push(results.loss?.data[0] as number);
    rates.push(rate);
    computed[`x_after_step${step}`] = results.x as Tensor;
    computed.x_after = results.x as Tensor;
    computed.denormalised = results.denormalised as Tensor;
  }
  return { computed: { ...computed, loss_per_step: floats(losses), lr_per_step: floats(rates) } };
}
