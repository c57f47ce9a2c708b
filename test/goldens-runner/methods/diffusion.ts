/** Diffusion: tables of schedules, timesteps, and single steps and a loop of sampling. */
import {
  BETA_SCHEDULES,
  type BetaSchedule,
  betas,
  type DiffusionTables,
  diffusionTables,
  spacedBetas,
  spacedTimesteps,
  stridedTimesteps,
} from '../../../methods/diffusion.ts';
import {
  ancestralStep,
  COEFFICIENTS,
  type Coefficients,
  coefficientsAt,
  ddimStep,
  guided,
  noised,
  noiseErrors,
  posteriorMean,
  predictedStart,
} from '../../../methods/diffusion-steps.ts';
import type { Backend } from '../../../tensor/backends/backend.ts';
import { constant, type Expr, input } from '../../../tensor/expr.ts';
import { add, mul } from '../../../tensor/ops/index.ts';
import { floats, ints, type Tensor } from '../../../tensor/tensor.ts';
import type { GoldenCase } from '../case.ts';
import { type Evaluated, type Evaluator, runOnce } from '../evaluator.ts';

export const diffusion: Evaluator = async (golden, backend) =>
  golden.inputs.eps ? steps(golden, backend) : schedules(golden);

const TABLES: Readonly<Record<string, keyof DiffusionTables>> = {
  betas: 'betas',
  alphas_cumprod: 'alphasCumprod',
  posterior_variance: 'posteriorVariance',
  posterior_log_variance_clipped: 'posteriorLogVariance',
  posterior_mean_coef1: 'posteriorMean1',
  posterior_mean_coef2: 'posteriorMean2',
};

function scheduleOf(word: unknown): BetaSchedule | undefined {
  return BETA_SCHEDULES.find((known) => known === word);
}

/** Outputs are called SCHEDULE.STEPS.TABLE, or RULE.STEPS.COUNT for timesteps. */
function schedules({ outputs }: GoldenCase): Evaluated {
  const computed: Record<string, Tensor> = {};
  for (const output of Object.keys(outputs)) {
    const [kind = '', length = '', rest = ''] = output.split('.');
    const count = Number(length);
    const [schedule, table] = [scheduleOf(kind), TABLES[rest]];
    if (schedule && table) computed[output] = floats(diffusionTables(betas(schedule, count))[table]);
    else if (kind === 'spaced') computed[output] = ints(spacedTimesteps(count, Number(rest)));
    else if (kind === 'spaced_ddim') {
      const strided = stridedTimesteps(count, Number(rest));
      if (!strided) return { unsupported: `no whole stride gives ${rest} of ${count} timesteps` };
      computed[output] = ints(strided);
    } else return { unsupported: `output ${output}` };
  }
  return { computed };
}

async function steps({ params, inputs, outputs: wanted }: GoldenCase, backend: Backend): Promise<Evaluated> {
  const schedule = scheduleOf(params.schedule);
  if (!schedule) return { unsupported: `schedule ${JSON.stringify(params.schedule)}` };
  const tables = diffusionTables(betas(schedule, params.T as number));
  const shape = (inputs.x0 as Tensor).shape;
  const [x0, noise, noise2, eps] = ['x0', 'noise', 'noise2', 'eps'].map((name) => input(name, shape)) as [
    Expr,
    Expr,
    Expr,
    Expr,
  ];
  const values = coefficientsAt(tables, (inputs.t as Tensor).data);
  const at = Object.fromEntries(
    COEFFICIENTS.map((name) => [name, constant(values[name])]),
  ) as unknown as Coefficients<Expr>;
  const x = noised(x0, noise, at);
  const outputs: Record<string, Expr> = {
    x_t: x,
    pred_x0: predictedStart(x, eps, at),
    posterior_mean: posteriorMean(x0, x, at),
    posterior_variance: add(at.posteriorVariance, 0),
    training_loss: noiseErrors(noise, eps),
    guided_eps: guided(eps, noise2, params.guidance as number),
  };
  const etas = new Set(
    Object.keys(wanted)
      .flatMap((name) => /^ddim\.eta([\d.]+?)(\.clip)?$/.exec(name)?.[1] ?? [])
      .map(Number),
  );
  for (const clipped of [false, true]) {
    const suffix = clipped ? '.clip' : '';
    for (const eta of etas) outputs[`ddim.eta${eta}${suffix}`] = ddimStep(x, eps, noise2, at, { eta, clipped });
    for (const variance of ['small', 'large'] as const) {
      outputs[`ddpm.${variance}${suffix}`] = ancestralStep(x, eps, noise2, at, { variance, clipped });
    }
  }
  const computed = await runOnce(backend, outputs, inputs);
  if (params.spaced_steps !== undefined) {
    const timesteps = spacedTimesteps(params.T as number, params.spaced_steps as number);
    const loop = await sampled(inputs.noise as Tensor, tables, timesteps, backend);
    computed['ddim.loop'] = loop;
    computed['ddim.loop_timesteps'] = ints([...timesteps].reverse());
  }
  return { computed };
}

/** All DDIM steps of the spaced process under the case's model, eps(x, t) = 0.3 x + 0.1 sin(t/10). */
async function sampled(
  start: Tensor,
  tables: DiffusionTables,
  timesteps: readonly number[],
  backend: Backend,
): Promise<Tensor> {
  const spacedTables = diffusionTables(spacedBetas(tables.alphasCumprod, timesteps));
  const count = start.shape[0] ?? 1;
  let x: Expr = input('x', start.shape);
  for (let index = timesteps.length - 1; index >= 0; index--) {
    const values = coefficientsAt(spacedTables, new Array<number>(count).fill(index));
    const at = Object.fromEntries(
      COEFFICIENTS.map((name) => [name, constant(values[name])]),
    ) as unknown as Coefficients<Expr>;
    const eps = add(mul(x, 0.3), 0.1 * Math.sin((timesteps[index] as number) / 10));
    x = ddimStep(x, eps, x, at, { eta: 0 });
  }
  const { out } = await runOnce(backend, { out: x }, { x: start });
  return out as Tensor;
}
