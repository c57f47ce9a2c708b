/**
 * The views of an epoch: order, crops, mirror images and mixes, each a function of the seed and the epoch (or its
 * batch). Nothing of them depends on the images or the teacher, so that two sets of one size get the same views.
 */
import { cutMixBox } from '../../nn/augment/mix.ts';
import { type RandomStream, randomStream } from '../../tensor/random/stream.ts';
import { cropBox } from '../recover/draws.ts';
import type { Range } from '../shards.ts';
import type { Seed } from '../stage.ts';
import { BETA_DRAWS, betaFrom } from './beta.ts';
import type { Mix, SoftLabelFacts } from './format.ts';
import type { BatchRows } from './view.ts';

export interface ViewRows {
  readonly order: Int32Array;
  /** Four a row: top, left, height, width. */
  readonly box: Int16Array;
  readonly mirrored: Uint8Array;
  readonly partner: Int32Array;
  /** Four a batch: rows and columns from, then to. */
  readonly mixBox: Int16Array;
  /** One a batch. */
  readonly mixLambda: Float32Array;
}

export interface ViewStreams {
  readonly order: RandomStream;
  readonly view: RandomStream;
  readonly mix: RandomStream;
}

/** `stage` stands before their names. */
export function viewStreams(seed: Seed, stage: string): ViewStreams {
  const [order, view, mix] = ['order', 'view', 'mix'].map((name) => randomStream(seed, `${stage}/${name}`)) as [
    RandomStream,
    RandomStream,
    RandomStream,
  ];
  return { order, view, mix };
}

export type ViewSettings = Pick<
  SoftLabelFacts,
  | ('count' | 'height' | 'width' | 'batchSize')
  | ('crop' | 'minimumArea' | 'maximumArea' | 'padding' | 'flip' | 'mix' | 'mixAlpha')
>;

/** Numbers that one crop takes, and one more for the mirror. */
const PER_VIEW = 23;

/** `part`: only batches from the first number to the second, which is outside; rows count from its own first. */
export function drawViews(streams: ViewStreams, epoch: number, settings: ViewSettings, part?: Range): ViewRows {
  const { count: whole, batchSize, mix } = settings;
  const all = Math.ceil(whole / batchSize);
  const [first, end] = part ?? [0, all];
  const order = streams.order.permutation(epoch, whole).subarray(first * batchSize, end * batchSize);
  const [count, batches] = [order.length, end - first];
  const rows: ViewRows = {
    order,
    box: new Int16Array(4 * count),
    mirrored: new Uint8Array(count),
    partner: new Int32Array(mix === 'none' ? 0 : count),
    mixBox: new Int16Array(mix === 'cutmix' ? 4 * batches : 0),
    mixLambda: new Float32Array(mix === 'none' ? 0 : batches),
  };
  for (let batch = 0; batch < batches; batch++) {
    const start = batch * batchSize;
    const size = Math.min(batchSize, count - start);
    const step = epoch * all + first + batch;
    const uniform = streams.view.uniform(step, size * PER_VIEW);
    for (let row = 0; row < size; row++) drawView(rows, start + row, uniform.subarray(row * PER_VIEW), settings);
    if (mix !== 'none') drawMix(rows, { batch, start, size, step }, streams.mix, settings);
  }
  return rows;
}

/** Rows of one batch, whose partners are counted within it. */
export function batchOf(rows: ViewRows, batch: number, { count, batchSize }: ViewSettings): BatchRows {
  const start = batch * batchSize;
  const end = Math.min(start + batchSize, count);
  return {
    order: rows.order.subarray(start, end),
    box: rows.box.subarray(4 * start, 4 * end),
    mirrored: rows.mirrored.subarray(start, end),
    partner: rows.partner.subarray(start, end).map((row) => row - start),
    mixBox: rows.mixBox.subarray(4 * batch, 4 * batch + 4),
    mixLambda: rows.mixLambda[batch] ?? 1,
  };
}

function drawView(
  { box, mirrored }: ViewRows,
  row: number,
  uniform: Float64Array,
  { crop, height, width, minimumArea, maximumArea, padding, flip }: ViewSettings,
): void {
  const shift = (u = 0) => Math.floor(u * (2 * padding + 1)) - padding;
  const seen =
    crop === 'resized'
      ? cropBox(uniform, minimumArea, height, width, maximumArea)
      : crop === 'padded'
        ? { top: shift(uniform[0]), left: shift(uniform[1]), height, width }
        : { top: 0, left: 0, height, width };
  box.set([seen.top, seen.left, seen.height, seen.width], 4 * row);
  mirrored[row] = flip && (uniform[PER_VIEW - 1] ?? 0) < 0.5 ? 1 : 0;
}

function drawMix(
  { partner, mixBox, mixLambda }: ViewRows,
  { batch, start, size, step }: { batch: number; start: number; size: number; step: number },
  stream: RandomStream,
  { mix, mixAlpha, height, width }: Pick<ViewSettings, 'mixAlpha' | 'height' | 'width'> & { readonly mix: Mix },
): void {
  partner.set(
    stream.permutation(step, size).map((row) => start + row),
    start,
  );
  const uniform = stream.uniform(step, 2 + BETA_DRAWS);
  const lambda = betaFrom(uniform.subarray(2), mixAlpha);
  mixLambda[batch] = lambda;
  if (mix !== 'cutmix') return;
  const centre = [Math.floor((uniform[0] ?? 0) * height), Math.floor((uniform[1] ?? 0) * width)] as const;
  mixBox.set(cutMixBox(lambda, centre, height, width), 4 * batch);
}
