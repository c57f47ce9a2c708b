/** LoRS: the low-rank similarity, losses with soft targets, and the two-pass gradient beside the exact one. */
import type { JsonObject } from '../../../base/json.ts';
import {
  lowRankSimilarity,
  positives,
  SOFT_LOSS_SETTINGS,
  SOFT_LOSSES,
  type SoftLoss,
  type SoftLossSettings,
  softLoss,
} from '../../../methods/lors.ts';
import { exactGradient, twoPassGradient } from '../../../methods/tesla.ts';
import { LOGIT_SCALE } from '../../../methods/vl-distill.ts';
import { FinalLoss } from '../../../nn/trajectory/final-loss.ts';
import type { Backend } from '../../../tensor/backends/backend.ts';
import { constant, type Expr, input } from '../../../tensor/expr.ts';
import { gradient } from '../../../tensor/gradient.ts';
import { add, gather, iota, mul, oneHot, sum } from '../../../tensor/ops/index.ts';
import { floats, type Tensor } from '../../../tensor/tensor.ts';
import type { GoldenCase } from '../case.ts';
import { type Evaluated, type Evaluator, runOnce } from '../evaluator.ts';
import { towersOf } from './two-towers.ts';

export const lors: Evaluator = async (golden, backend) => {
  const { params, inputs } = golden;
  if (params.syn_steps !== undefined) return matching(golden, backend);
  if (inputs.z) return losses(golden, backend);
  if (inputs.omega) return similarity(golden, backend);
  return { unsupported: 'neither steps, nor logits, nor a similarity' };
};

async function similarity({ params, inputs }: GoldenCase, backend: Backend): Promise<Evaluated> {
  const alpha = params.alpha as number;
  const [omega, left, right] = ['omega', 'L', 'R'].map((name) => input(name, (inputs[name] as Tensor).shape)) as [
    Expr,
    Expr,
    Expr,
  ];
  const batch = input('batch', (inputs.batch as Tensor).shape, 'int');
  const rows = [omega, left, right].map((array) => gather(array, batch, 0)) as [Expr, Expr, Expr];
  const ofBatch = lowRankSimilarity(...rows, alpha);
  const weights = input('G', (inputs.G as Tensor).shape);
  const [gradOmega, gradL, gradR] = gradient(sum(mul(weights, ofBatch)), rows) as [Expr, Expr, Expr];
  return {
    computed: await runOnce(
      backend,
      {
        S: lowRankSimilarity(omega, left, right, alpha),
        S_batch: ofBatch,
        'grad.omega': gradOmega,
        'grad.L': gradL,
        'grad.R': gradR,
      },
      inputs,
    ),
  };
}

function settingsOf(params: JsonObject): SoftLossSettings {
  return {
    threshold: (params.wbce_threshold ?? SOFT_LOSS_SETTINGS.threshold) as number,
    epsilon: (params.wbce_eps ?? SOFT_LOSS_SETTINGS.epsilon) as number,
    klScale: (params.kl_label_scale ?? SOFT_LOSS_SETTINGS.klScale) as number,
  };
}

async function losses({ params, inputs, outputs: wanted }: GoldenCase, backend: Backend): Promise<Evaluated> {
  const shape = (inputs.z as Tensor).shape;
  const [count = 1] = shape;
  const settings = settingsOf(params);
  const z = input('z', shape);
  // Weights of the mixed derivative: evenly spaced from -1 to 1, row by row.
  const size = count * count;
  const ramp = Float64Array.from({ length: size }, (_, index) => -1 + (2 * index) / Math.max(1, size - 1));
  const weights = constant(floats(ramp, shape));
  const identity = oneHot(iota(count), count);
  const outputs: Record<string, Expr> = {};
  const put = (name: string, loss: SoftLoss, s: Expr, learnsTarget: boolean) => {
    const value = softLoss(loss, z, s, settings);
    const [gradZ] = gradient(value, [z]) as [Expr];
    outputs[`${name}.loss`] = value;
    outputs[`${name}.grad.z`] = gradZ;
    if (!learnsTarget) return;
    outputs[`${name}.grad.s`] = gradient(value, [s])[0] as Expr;
    if (`${name}.mixed` in wanted) outputs[`${name}.mixed`] = gradient(sum(mul(weights, gradZ)), [s])[0] as Expr;
    if (`${name}.positives` in wanted) outputs[`${name}.positives`] = positives(s, settings);
  };
  for (const loss of SOFT_LOSSES) {
    const target = loss === 'BCE' && inputs.s01 ? 's01' : 's';
    put(loss, loss, input(target, shape), true);
  }
  put('InfoNCE', 'NCE', identity, false);
  put('WBCE_identity', 'WBCE', identity, false);
  return { computed: await runOnce(backend, outputs, inputs) };
}

async function matching(golden: GoldenCase, backend: Backend): Promise<Evaluated> {
  const { params, inputs } = golden;
  const loss = SOFT_LOSSES.find((known) => known === (params.loss_type === 'InfoNCE' ? 'NCE' : params.loss_type));
  if (!loss) return { unsupported: `loss_type ${JSON.stringify(params.loss_type)}` };
  const names = ['omega', 'L', 'R'] as const;
  const arrays = Object.fromEntries(names.map((name) => [name, inputs[name] as Tensor]));
  const scale = params.temperature === undefined ? LOGIT_SCALE : 1 / (params.temperature as number);
  const towers = towersOf(golden, backend, scale, {
    arrays,
    of(count) {
      const rows = names.map((name) => input(name, [count, ...(arrays[name] as Tensor).shape.slice(1)])) as [
        Expr,
        Expr,
        Expr,
      ];
      return {
        of: (z) => softLoss(loss, z, lowRankSimilarity(...rows, params.alpha as number), settingsOf(params)),
        learned: Object.fromEntries(names.map((name, index) => [name, rows[index] as Expr])),
      };
    },
  });
  if (typeof towers === 'string') return { unsupported: towers };
  const { unroll, course, distances, ends, flat } = towers;
  const separate = add(distances.img, distances.txt);
  const merged = params.merge_loss_branches === true;

  const sums = new Map<string, Float64Array>();
  const trajectory = await unroll.forward(course, (_, gradients) => {
    for (const [name, { data }] of Object.entries(gradients)) {
      const sum = sums.get(name) ?? new Float64Array(data.length);
      sums.set(
        name,
        sum.map((value, index) => value + (data[index] as number)),
      );
    }
  });
  const feeds = { ...trajectory.final, ...ends };
  const cotangentsOf = async (value: Expr) => {
    const final = await FinalLoss.compile(backend, value, distances.state);
    const found = await final.at(feeds);
    final.dispose();
    return found;
  };
  const data = await cotangentsOf(merged ? distances.merged : separate);
  const rates = await cotangentsOf(separate);
  const twoPass = (await twoPassGradient(unroll, trajectory, data.cotangents)).learned;
  // Step sizes are always differentiated in the separately normalised form.
  const ofRates = (await twoPassGradient(unroll, trajectory, rates.cotangents)).learned;
  const exact = (await exactGradient(unroll, trajectory, data.cotangents)).learned;
  const parts = await runOnce(backend, { img: distances.img, txt: distances.txt }, feeds);
  await unroll.dispose();

  const total = (tower: 'img' | 'txt') =>
    flat(tower, Object.fromEntries([...sums].map(([name, values]) => [name, floats(values)])));
  const gradients = (prefix: string, learned: Readonly<Record<string, Tensor>>) =>
    Object.fromEntries(
      Object.entries(learned).map(([name, value]) => [`${prefix}.${name === 'images' ? 'image' : name}`, value]),
    );
  return {
    computed: {
      loss_img: parts.img as Tensor,
      loss_txt: parts.txt as Tensor,
      ...gradients('grad', twoPass),
      'grad.lr_img': ofRates.lr_img as Tensor,
      'grad.lr_txt': ofRates.lr_txt as Tensor,
      'img.gradient_sum': total('img'),
      'txt.gradient_sum': total('txt'),
      'exact.loss': data.loss,
      ...gradients('exact.grad', exact),
    },
  };
}
