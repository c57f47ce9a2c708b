/** VL-Distill: the contrastive loss, the projection head, and bi-trajectory matching by exact gradients. */
import { contrastiveLoss, pairsFound, projectionHead, scaledCosines } from '../../../methods/vl-distill.ts';
import { FinalLoss } from '../../../nn/trajectory/final-loss.ts';
import type { Backend } from '../../../tensor/backends/backend.ts';
import { type Expr, input } from '../../../tensor/expr.ts';
import { gradient } from '../../../tensor/gradient.ts';
import { add, mul, sum } from '../../../tensor/ops/index.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import type { GoldenCase } from '../case.ts';
import { type Evaluated, type Evaluator, runOnce } from '../evaluator.ts';
import { towersOf } from './two-towers.ts';

export const vlDistill: Evaluator = async (golden, backend) => {
  if (golden.params.syn_steps !== undefined) return bitrajectory(golden, backend);
  if (golden.params.scales) return contrastive(golden, backend);
  if (golden.inputs.h) return head(golden, backend);
  return { unsupported: 'neither steps, nor scales, nor text vectors of a head' };
};

async function contrastive({ params, inputs }: GoldenCase, backend: Backend): Promise<Evaluated> {
  const [u, v] = ['u', 'v'].map((name) => input(name, (inputs[name] as Tensor).shape)) as [Expr, Expr];
  const outputs: Record<string, Expr> = {};
  for (const [name, scale] of Object.entries(params.scales as Readonly<Record<string, number>>)) {
    const logits = scaledCosines(u, v, scale);
    const loss = contrastiveLoss(logits);
    const [gradU, gradV] = gradient(loss, [u, v]) as [Expr, Expr];
    Object.assign(outputs, {
      [`${name}.loss`]: loss,
      [`${name}.grad.u`]: gradU,
      [`${name}.grad.v`]: gradV,
      [`${name}.logits`]: logits,
      [`${name}.accuracy_count`]: pairsFound(logits),
    });
  }
  return { computed: await runOnce(backend, outputs, inputs) };
}

async function head({ params, inputs }: GoldenCase, backend: Backend): Promise<Evaluated> {
  if ((params.dropout ?? 0) !== 0) return { unsupported: 'dropout without given draws' };
  const names = params.parameter_order as readonly string[];
  const values = Object.fromEntries(names.map((name) => [name, input(name, (inputs[name] as Tensor).shape)]));
  const [h, w] = ['h', 'w'].map((name) => input(name, (inputs[name] as Tensor).shape)) as [Expr, Expr];
  const out = projectionHead(h, values);
  const gradients = gradient(sum(mul(w, out)), [h, ...names.map((name) => values[name] as Expr)]);
  const named = ['h', ...names].map((name, index) => [`grad.${name}`, gradients[index] as Expr]);
  return { computed: await runOnce(backend, { out, ...Object.fromEntries(named) }, inputs) };
}

/** Once for every logit scale that the case names, `scale_NAME`. */
async function bitrajectory(golden: GoldenCase, backend: Backend): Promise<Evaluated> {
  const computed: Record<string, Tensor> = {};
  for (const [parameter, scale] of Object.entries(golden.params)) {
    if (!parameter.startsWith('scale_')) continue;
    const name = parameter.slice('scale_'.length);
    const towers = towersOf(golden, backend, scale as number);
    if (typeof towers === 'string') return { unsupported: towers };
    const { unroll, course, distances, ends, flat } = towers;
    const trajectory = await unroll.forward(course);
    const feeds = { ...trajectory.final, ...ends };
    const final = await FinalLoss.compile(backend, add(distances.img, distances.txt), distances.state);
    const { loss, cotangents } = await final.at(feeds);
    const { learned } = await unroll.backward(trajectory, cotangents);
    const parts = await runOnce(backend, { img: distances.img, txt: distances.txt }, feeds);
    await unroll.dispose();
    final.dispose();
    Object.assign(computed, {
      [`${name}.loss`]: loss,
      [`${name}.loss_img`]: parts.img,
      [`${name}.loss_txt`]: parts.txt,
      [`${name}.grad.image`]: learned.images,
      [`${name}.grad.text`]: learned.text,
      [`${name}.grad.lr_img`]: learned.lr_img,
      [`${name}.grad.lr_txt`]: learned.lr_txt,
      [`${name}.img.theta_final`]: flat('img', trajectory.final),
      [`${name}.txt.theta_final`]: flat('txt', trajectory.final),
    });
  }
  return { computed };
}
