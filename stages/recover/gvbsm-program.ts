/**
 * One step of G-VBSM as a graph: statistics of every convolution and batch norm of one backbone against their targets,
 * through moving averages that the stage carries. A convolution that is left out of a step keeps its averages.
 */
import {
  BATCH_NORM_STATISTICS,
  CONVOLUTION_STATISTICS,
  convolutionStatistics,
  type Matched,
  matchStatistics,
  recoverGradient,
  type Statistics,
  type WeightedLayer,
} from '../../methods/gvbsm.ts';
import { DENSIFICATION, densificationSurrogate, pooledRows } from '../../methods/gvbsm-densification.ts';
import { crossEntropy } from '../../nn/losses.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import { add, eq, mul, select } from '../../tensor/ops/index.ts';
import type { Shape } from '../../tensor/tensor.ts';
import type { Classifier, ClassifierLayer } from '../classifier.ts';
import { moved, type StepSettings, stepInputs } from './program.ts';

export interface GvbsmSettings extends StepSettings {
  /** α of the moving averages. */
  readonly momentum: number;
  readonly dropRate: number;
  /** p of the targets. */
  readonly patch: number;
  /** w of the densification; 0 where no class has two images in the batch. */
  readonly densification: number;
}

/** Statistics by `layer.statistic`, layers counted in the order of use; targets and averages go by these names. */
export function statisticNames(layers: readonly ClassifierLayer[]): string[] {
  return layers.flatMap(({ norm }, layer) => namesOf(norm !== undefined).map((name) => `${layer}.${name}`));
}

const namesOf = (isNorm: boolean) => (isNorm ? BATCH_NORM_STATISTICS : CONVOLUTION_STATISTICS);

export function layerStatistics({ input: entering, norm }: ClassifierLayer, patch: number): Statistics {
  return norm ? { mean: norm.batch.mean, variance: norm.batch.variance } : convolutionStatistics(entering, patch);
}

/** The pooled view, from which the cotangent of the densification is found between two programs. */
export function rowsProgram(classifier: Classifier, settings: StepSettings, count: number, coarse: boolean) {
  return { rows: pooledRows(stepInputs(classifier, settings, count, coarse).view) };
}

export function gvbsmProgram(
  classifier: Classifier,
  settings: GvbsmSettings,
  count: number,
  coarse: boolean,
): Record<string, Expr> {
  const { images, labels, view } = stepInputs(classifier, settings, count, coarse);
  const { logits, layers } = classifier.apply(view);
  const { weights, momentum, dropRate, patch, densification } = settings;
  const averages: Record<string, Expr> = {};
  const weighted = layers.map((layer, index): WeightedLayer => {
    const statistics = layerStatistics(layer, patch);
    const before = prefixed('average', index, statistics);
    const targets: Statistics = layer.norm
      ? { mean: layer.norm.running.mean, variance: layer.norm.running.variance }
      : prefixed('target', index, statistics);
    const all = matchStatistics(statistics, before, targets, momentum);
    const matched = layer.norm || dropRate === 0 ? all : kept(all, before, input(`keep.${index}`, []));
    for (const [name, q] of Object.entries(matched.averages)) averages[`average.${index}.${name}`] = q;
    return { statistics, matched, weight: weights.batchNorm * (index === 0 ? weights.firstLayer : 1) };
  });
  const fit = crossEntropy(logits, labels);
  const loss = weighted.reduce((total, { matched, weight }) => add(total, mul(matched.distance, weight)), fit);
  const [pixels, channels] = [DENSIFICATION.pool[0] * DENSIFICATION.pool[1], classifier.input.channels];
  const cotangent = () => input('cotangent', [count, channels * pixels]);
  const differentiated =
    densification === 0 ? fit : add(fit, mul(densificationSurrogate(pooledRows(view), cotangent()), densification));
  return {
    ...moved(images, recoverGradient(differentiated, weighted, images), settings),
    ...averages,
    loss,
    crossEntropy: fit,
    // As SRe2L's: without r.
    batchNorm: weighted
      .map(({ matched }, index) => mul(matched.distance, index === 0 ? weights.firstLayer : 1))
      .reduce((total, part) => add(total, part)),
  };
}

function prefixed(prefix: string, layer: number, statistics: Statistics): Statistics {
  return Object.fromEntries(
    Object.entries(statistics).map(([name, { shape }]) => [name, input(`${prefix}.${layer}.${name}`, shape as Shape)]),
  );
}

/** `keep` 1: as it is; 0: no distance, no gradient, and the averages stay. */
function kept({ distance, averages, cotangents }: Matched, before: Statistics, keep: Expr): Matched {
  const isKept = eq(keep, 1);
  const all = (values: Statistics, otherwise: (name: string) => Expr | number) =>
    Object.fromEntries(Object.entries(values).map(([name, q]) => [name, select(isKept, q, otherwise(name))]));
  return {
    distance: mul(distance, keep),
    averages: all(averages, (name) => before[name] as Expr),
    cotangents: all(cotangents, () => 0),
  };
}
