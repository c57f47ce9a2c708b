/** G-VBSM: statistics with their moving averages, the recover loss, data densification, ensembles of logits. */
import {
  accumulated,
  BATCH_NORM_STATISTICS,
  batchNormStatistics,
  CONVOLUTION_STATISTICS,
  convolutionStatistics,
  matchStatistics,
  recoverGradient,
  type Statistics,
  type WeightedLayer,
} from '../../../methods/gvbsm.ts';
import { densification, densificationSurrogate, pooledRows } from '../../../methods/gvbsm-densification.ts';
import { ensembleLogits, rescaledEnsembleLogits } from '../../../methods/gvbsm-labels.ts';
import { crossEntropy } from '../../../nn/losses.ts';
import { type Mode, networkInputs } from '../../../nn/network.ts';
import type { Backend } from '../../../tensor/backends/backend.ts';
import { constant, type Expr, input } from '../../../tensor/expr.ts';
import { gradient } from '../../../tensor/gradient.ts';
import { add, mul, split, squeeze, stack } from '../../../tensor/ops/index.ts';
import { floats, scalar, type Tensor } from '../../../tensor/tensor.ts';
import type { GoldenCase } from '../case.ts';
import { type Evaluated, type Evaluator, runOnce } from '../evaluator.ts';
import { networkOf } from '../network-case.ts';

export const gvbsm: Evaluator = async (golden, backend) => {
  const { params, inputs } = golden;
  if ((params.drop_rate ?? 0) !== 0) return { unsupported: 'convolutions dropped at random, without given draws' };
  if (params.tau !== undefined) return spectra(golden, backend);
  if (params.hook_order) return recoverCalls(golden, backend);
  if (params.calls) return statisticsCalls(golden, backend);
  if (inputs.logits) return ensembles(inputs.logits, backend);
  return { unsupported: 'neither spectra, nor hooks, nor calls, nor logits' };
};

/** The cases' words for statistics. */
const WORDS: Readonly<Record<string, string>> = {
  mean: 'mean',
  variance: 'var',
  channelMean: 'channel_mean',
  channelVariance: 'channel_var',
  patchMean: 'patch_mean',
  patchVariance: 'patch_var',
};

/** Statistics by a case's names: `name(word)` is the tensor's. */
function statisticsOf(names: readonly string[], value: (word: string) => Expr): Statistics {
  return Object.fromEntries(names.map((name) => [name, value(WORDS[name] as string)]));
}

function callsOf({ inputs }: GoldenCase): string[] {
  return Object.keys(inputs).filter((name) => /^x\d+$/.test(name));
}

/** Averages as inputs `average.LAYER.STATISTIC`, at `start` in the first call. */
function averageInputs(layer: string, statistics: Statistics): Statistics {
  return Object.fromEntries(
    Object.entries(statistics).map(([name, { shape }]) => [name, input(`average.${layer}.${name}`, shape)]),
  );
}

function startOf(layer: string, statistics: Statistics, value: number): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(statistics).map(([name, { shape }]) => [
      `average.${layer}.${name}`,
      floats(new Float32Array(shape[0] ?? 0).fill(value), shape),
    ]),
  );
}

async function statisticsCalls(golden: GoldenCase, backend: Backend): Promise<Evaluated> {
  const { params, inputs } = golden;
  const patch = params.patch as number;
  const momentum = params.momentum as number;
  const given = (name: string) => input(name, (inputs[name] as Tensor).shape);
  const targets: Readonly<Record<string, Statistics>> = {
    bn: statisticsOf(BATCH_NORM_STATISTICS, (word) => given(`bn.running_${word}`)),
    conv: statisticsOf(CONVOLUTION_STATISTICS, (word) => given(`conv.target_${word}`)),
  };
  const computed: Record<string, Tensor> = {};
  for (const [layer, target] of Object.entries(targets)) {
    let averages: Record<string, Tensor> | undefined;
    for (const [call, name] of callsOf(golden).entries()) {
      const x = given(name);
      const statistics = layer === 'bn' ? batchNormStatistics(x) : convolutionStatistics(x, patch);
      averages ??= startOf(layer, statistics, (params.ema_start ?? 0) as number);
      const matched = matchStatistics(statistics, averageInputs(layer, statistics), target, momentum);
      const outputs: Record<string, Expr> = {
        loss: matched.distance,
        grad: recoverGradient(undefined, [{ statistics, matched, weight: 1 }], x),
      };
      for (const [statistic, q] of Object.entries(matched.averages)) outputs[`average.${layer}.${statistic}`] = q;
      const results = await runOnce(backend, outputs, { ...inputs, ...averages });
      computed[`${layer}.call${call}.loss`] = results.loss as Tensor;
      computed[`${layer}.call${call}.grad.x`] = results.grad as Tensor;
      averages = Object.fromEntries(Object.keys(averages).map((key) => [key, results[key] as Tensor]));
      for (const [key, value] of Object.entries(averages)) {
        computed[`${layer}.ema_${WORDS[key.slice(`average.${layer}.`.length)]}`] = value;
      }
    }
  }
  const batches = Object.keys(inputs).filter((name) => /^train\d+$/.test(name));
  let sums: Statistics | undefined;
  for (const name of batches) {
    const statistics = convolutionStatistics(given(name), patch);
    const share = ((inputs[name] as Tensor).shape[0] as number) / (params.data_number as number);
    sums = accumulated(
      sums ?? Object.fromEntries(Object.entries(statistics).map(([key, q]) => [key, mul(q, 0)])),
      statistics,
      share,
    );
  }
  if (sums) {
    const outputs = Object.fromEntries(Object.entries(sums).map(([name, q]) => [`target.${WORDS[name]}`, q]));
    Object.assign(computed, await runOnce(backend, outputs, inputs));
  }
  return { computed };
}

async function recoverCalls(golden: GoldenCase, backend: Backend): Promise<Evaluated> {
  const { params, inputs, source } = golden;
  const calls = callsOf(golden);
  const shape = (inputs[calls[0] ?? ''] as Tensor).shape;
  const network = networkOf(params, source, shape, params.classes as number);
  if (!network.ok) return { unsupported: network.error.message };
  const values = networkInputs(network.value);
  const layers = params.hook_order as readonly string[];
  const labels = input('y', (inputs.y as Tensor).shape, 'int');
  const computed: Record<string, Tensor> = {};
  let averages: Record<string, Tensor> | undefined;
  for (const [call, name] of calls.entries()) {
    const x = input(name, shape);
    const pass = network.value.apply(x, values, (params.net_mode ?? 'eval') as Mode);
    const start: Record<string, Tensor> = {};
    const matchedLayers = layers.map((layer, index): WeightedLayer => {
      const h = pass.inputs[layer] as Expr;
      const isNorm = values[`${layer}.running_mean`] !== undefined;
      const statistics = isNorm ? batchNormStatistics(h) : convolutionStatistics(h, params.patch as number);
      const target = isNorm
        ? statisticsOf(BATCH_NORM_STATISTICS, (word) => values[`${layer}.running_${word}`] as Expr)
        : statisticsOf(CONVOLUTION_STATISTICS, (word) => {
            const key = `target.${layer}.${word}`;
            return input(key, (inputs[key] as Tensor).shape);
          });
      Object.assign(start, startOf(layer, statistics, (params.ema_start ?? 0) as number));
      const before = averageInputs(layer, statistics);
      const matched = matchStatistics(statistics, before, target, params.momentum as number);
      const multiplier = index === 0 ? (params.first_multiplier as number) : 1;
      return { statistics, matched, weight: (params.r_loss as number) * multiplier };
    });
    const fit = crossEntropy(pass.logits, labels);
    const outputs: Record<string, Expr> = {
      loss_ce: fit,
      loss: matchedLayers.reduce((total, { matched, weight }) => add(total, mul(matched.distance, weight)), fit),
      r_per_layer: stack(
        matchedLayers.map(({ matched }) => matched.distance),
        0,
      ),
      'grad.x': recoverGradient(fit, matchedLayers, x),
    };
    for (const [index, { matched }] of matchedLayers.entries()) {
      for (const [statistic, q] of Object.entries(matched.averages)) {
        outputs[`average.${layers[index]}.${statistic}`] = q;
      }
    }
    averages ??= start;
    const results = await runOnce(backend, outputs, { ...inputs, ...averages });
    averages = Object.fromEntries(Object.keys(averages).map((key) => [key, results[key] as Tensor]));
    for (const key of ['loss', 'loss_ce', 'r_per_layer', 'grad.x']) {
      computed[`call${call}.${key}`] = results[key] as Tensor;
    }
  }
  return { computed };
}

/** Each image tensor: pooled on the backend, its spectra beside it, the gradient on the backend again. */
async function spectra({ params, inputs }: GoldenCase, backend: Backend): Promise<Evaluated> {
  const pool = params.pool as unknown as readonly [number, number];
  const labels = inputs.y as Tensor;
  const computed: Record<string, Tensor> = {};
  for (const [name, value] of Object.entries(inputs)) {
    if (name === 'y') continue;
    const images = input(name, value.shape);
    const rows = pooledRows(images, pool);
    const pooled = await runOnce(backend, { rows }, inputs);
    const found = densification(pooled.rows as Tensor, labels.data, params.tau as number);
    if (!found.ok) throw new Error(found.error.message);
    const surrogate = densificationSurrogate(rows, constant(found.value.cotangent));
    const { grad } = await runOnce(backend, { grad: gradient(surrogate, [images])[0] as Expr }, inputs);
    const { eigenvalues, loss } = found.value;
    const flat = eigenvalues.flatMap((values) => Array.from(values));
    computed[`${name}.loss`] = scalar(loss);
    computed[`${name}.grad.x`] = grad as Tensor;
    computed[`${name}.eigenvalues`] = floats(flat, [eigenvalues.length, flat.length / eigenvalues.length]);
  }
  return { computed };
}

async function ensembles(logits: Tensor, backend: Backend): Promise<Evaluated> {
  const sizes = Array<number>(logits.shape[0] ?? 0).fill(1);
  const tables = split(input('logits', logits.shape), sizes, 0).map((table) => squeeze(table, [0]));
  const outputs = { plain_mean: ensembleLogits(tables), rescaled_mean: rescaledEnsembleLogits(tables) };
  return { computed: await runOnce(backend, outputs, { logits }) };
}
