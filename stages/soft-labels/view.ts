/**
 * Views of a batch as a graph, the same for the teacher that labels them and for the student: crop, mirror, mix. What lies
 * outside of an image is black, as in the crops of padded pixels that networks are trained on.
 */
import { blended, pasted } from '../../nn/augment/mix.ts';
import { viewOf } from '../../nn/augment/view.ts';
import { constant, type Expr, input } from '../../tensor/expr.ts';
import { add, div, gather, mul, reshape, slice, sub } from '../../tensor/ops/index.ts';
import { floats, ints, type Tensor } from '../../tensor/tensor.ts';
import type { SoftLabelFacts } from './format.ts';

/** Rows of a batch, as they are drawn or read. */
export interface BatchRows {
  /** Which images of the set. */
  readonly order: Int32Array;
  readonly box: Int16Array;
  readonly mirrored: Uint8Array;
  /** Rows of the batch itself. */
  readonly partner: Int32Array;
  readonly mixBox: Int16Array;
  readonly mixLambda: number;
}

export interface ViewGraph extends Pick<SoftLabelFacts, 'crop' | 'mix'> {
  /** Of the data set, by channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** `images` [N, C, H, W], each in its view. */
export function cropped(images: Expr, { crop, mean, std }: ViewGraph): Expr {
  const count = images.shape[0] ?? 0;
  const box = input('box', [count, 4]);
  const side = (index: number) => reshape(slice(box, { starts: [0, index], sizes: [count, 1] }), [count]);
  const view = {
    ...(crop !== 'none' && { crop: { top: side(0), left: side(1), height: side(2), width: side(3) } }),
    mirrored: input('mirrored', [count]),
  };
  if (crop !== 'padded') return viewOf(images, view);
  const values = (of: readonly number[]) => constant(floats(Float32Array.from(of), [of.length]));
  const black = reshape(div(mul(values(mean), -1), values(std)), [1, -1, 1, 1]);
  return add(viewOf(sub(images, black), view), black);
}

/** Views with those of their partners mixed in. */
export function mixed(views: Expr, others: () => Expr, mix: SoftLabelFacts['mix']): Expr {
  switch (mix) {
    case 'none':
      return views;
    case 'cutmix':
      return pasted(views, others(), input('mixBox', [4], 'int'));
    case 'mixup':
      return blended(views, others(), input('mixLambda', []));
  }
}

/** A whole batch: partners are rows of itself. */
export function batchViews(images: Expr, graph: ViewGraph): Expr {
  const views = cropped(images, graph);
  return mixed(views, () => gather(views, input('partner', [images.shape[0] ?? 0], 'int'), 0), graph.mix);
}

/** Feeds of `batchViews`, all but the images. */
export function viewFeeds(rows: BatchRows, { crop, mix }: Pick<ViewGraph, 'crop' | 'mix'>): Record<string, Tensor> {
  const count = rows.order.length;
  return {
    ...(crop !== 'none' && { box: floats(Float32Array.from(rows.box), [count, 4]) }),
    mirrored: floats(Float32Array.from(rows.mirrored), [count]),
    ...(mix !== 'none' && { partner: ints(rows.partner) }),
    ...mixFeeds(rows, mix),
  };
}

export function mixFeeds(
  { mixBox, mixLambda }: Pick<BatchRows, 'mixBox' | 'mixLambda'>,
  mix: SoftLabelFacts['mix'],
): Record<string, Tensor> {
  return {
    ...(mix === 'cutmix' && { mixBox: ints(Int32Array.from(mixBox)) }),
    ...(mix === 'mixup' && { mixLambda: floats(Float32Array.of(mixLambda), []) }),
  };
}
