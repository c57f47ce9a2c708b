/** Views and their labels as a graph, of some rows of a batch: each teacher's logits, joined, and what is kept of them. */
import { shortened } from '../../methods/fkd.ts';
import { ensembleLogits, rescaledEnsembleLogits } from '../../methods/gvbsm-labels.ts';
import { type Expr, input } from '../../tensor/expr.ts';
import { mul, slice, softmax } from '../../tensor/ops/index.ts';
import type { SoftLabelFacts } from '../soft-labels/format.ts';
import { cropped, mixed, type ViewGraph } from '../soft-labels/view.ts';
import { type LabelTeacher, logitsOf } from './teachers.ts';

export interface LabelSettings extends ViewGraph, Pick<SoftLabelFacts, 'keep' | 'kept' | 'temperature'> {
  readonly statistics: 'running' | 'batch';
  readonly ensemble: 'mean' | 'rescaled';
}

/** Of `count` rows: `images` are theirs and, where views are mixed, their partners' after them. */
export function labelProgram(
  teachers: readonly LabelTeacher[],
  count: number,
  settings: LabelSettings,
): Record<string, Expr> {
  const { mix, keep, kept, temperature } = settings;
  const { channels, height, width } = (teachers[0] as LabelTeacher).input;
  const images = input('images', [mix === 'none' ? count : 2 * count, channels, height, width]);
  const views = cropped(images, settings);
  const part = (from: number) => slice(views, { starts: [from, 0, 0, 0], sizes: [count, channels, height, width] });
  const seen = mixed(mix === 'none' ? views : part(0), () => part(count), mix);
  const each = teachers.map((teacher) => logitsOf(teacher, seen, settings.statistics));
  const logits = joined(each, settings.ensemble);
  if (keep === 'full') return { logits };
  const short = shortened(softmax(mul(logits, 1 / temperature)), kept);
  // Of `hard` they are not stored, but tell classes that no number speaks for.
  return { classes: short.indices, probabilities: short.probabilities };
}

function joined(logits: readonly Expr[], ensemble: LabelSettings['ensemble']): Expr {
  if (logits.length === 1) return logits[0] as Expr;
  return ensemble === 'rescaled' ? rescaledEnsembleLogits(logits) : ensembleLogits(logits);
}
