/**
 * One pass over the augmented training images in eval mode for each teacher, a step being a batch: the targets are
 * Σ statistic · (batch size / N), so a variance is the mean of the batches' variances (Shao et al., section 3.2).
 */
import { unwrap } from '../../base/result.ts';
import { normalised } from '../../data/normalise.ts';
import { openDataSet } from '../../data/registry.ts';
import { accumulated, convolutionStatistics } from '../../methods/gvbsm.ts';
import { viewOf } from '../../nn/augment/view.ts';
import { constant, type Expr, input } from '../../tensor/expr.ts';
import { add, sub } from '../../tensor/ops/index.ts';
import { randomStream } from '../../tensor/random/stream.ts';
import { floats, scalar, type Tensor } from '../../tensor/tensor.ts';
import { type Classifier, classifierDigest, readClassifier } from '../classifier.ts';
import { listOf } from '../input-roles.ts';
import { programs } from '../programs.ts';
import { type Box, CROP_DRAWS, cropBox } from '../recover/draws.ts';
import type { StageContext, StageRun } from '../stage.ts';
import { statisticsFile } from './file.ts';

/** torchvision's RandomResizedCrop as it is. */
const SMALLEST_AREA = 0.08;
/** Inputs of a crop, by the sides of its box. */
const CROP = { top: 'top', left: 'left', tall: 'height', wide: 'width' } as const;

export async function openStatistics({ params, seed, data, inputs, backend }: StageContext): Promise<StageRun> {
  const set = unwrap(openDataSet(data.set, data.folder));
  const readers = listOf(inputs, 'teacher');
  const teachers = readers.map((reader) => readClassifier(reader, set));
  const [patch, batchSize, padding] = [params.patch as number, params.batchSize as number, params.padding as number];
  const seen: Seen = {
    ...{ crop: params.crop as boolean, padding, flip: params.flip as boolean },
    ...{ mean: set.mean, std: set.std },
  };
  const images = (params.images as number | undefined) ?? set.train.count;
  const batches = Math.ceil(images / batchSize);
  // Files may lie class after class, and the variance within a batch of one class is not that of the set.
  const order = randomStream(seed, 'statistics/order').permutation(0, images);
  /** Every teacher sees the same batches in turn. */
  const batchAt = (index: number): Int32Array => {
    const from = (index % batches) * batchSize;
    return order.subarray(from, from + batchSize);
  };
  const compiled = programs(backend);
  const draws = randomStream(seed, 'statistics/view');
  const crops = randomStream(seed, 'statistics/crop');
  const boxesAt = (index: number, count: number): Box[] => {
    const uniform = crops.uniform(index, CROP_DRAWS * count);
    const of = (place: number) => uniform.subarray(CROP_DRAWS * place, CROP_DRAWS * (place + 1));
    return Array.from({ length: count }, (_, place) => cropBox(of(place), SMALLEST_AREA, set.height, set.width));
  };

  return {
    steps: teachers.length * batches,
    init: () => ({
      tensors: Object.assign({}, ...teachers.map((teacher, turn) => zeros(teacher, turn, patch))),
      values: {},
    }),
    async step({ tensors, values }, index) {
      const turn = Math.floor(index / batches);
      const chosen = batchAt(index);
      const count = chosen.length;
      const teacher = teachers[turn] as Classifier;
      const program = await compiled.get(`${turn} ${count}`, () => statisticsProgram(teacher, count, patch, seen));
      const uniform = draws.uniform(index, 3 * count);
      const each = (number: number, of: (u: number) => number) =>
        floats(Float32Array.from(uniform.subarray(number * count, (number + 1) * count), of), [count]);
      const shift = (u: number) => Math.floor(u * (2 * padding + 1)) - padding;
      const result = await program.run({
        ...teacher.values,
        images: normalised(set, set.train, chosen, index + 1 < teachers.length * batches ? batchAt(index + 1) : []),
        ...(seen.crop && cropFeeds(boxesAt(index, count))),
        ...(padding > 0 && { down: each(0, shift), across: each(1, shift) }),
        ...(seen.flip && { mirrored: each(2, (u) => (u < 0.5 ? 1 : 0)) }),
        ...Object.fromEntries(sumsOf(tensors, turn)),
        share: scalar(count / images),
      });
      const sums = Object.entries(result).map(([name, value]): [string, Tensor] => [`${turn}.${name}`, value]);
      return { tensors: { ...tensors, ...Object.fromEntries(sums) }, values };
    },
    finish({ tensors }) {
      const files = readers.map((reader, turn): [string, Uint8Array] => {
        const own = Object.entries(tensors).filter(([name]) => name.startsWith(`${turn}.`));
        const named = Object.fromEntries(own.map(([name, value]) => [name.slice(name.indexOf('.') + 1), value]));
        return [
          `statistics-${turn}.safetensors`,
          statisticsFile({ teacher: classifierDigest(reader), patch, tensors: named }),
        ];
      });
      return { artifacts: { statistics: Object.fromEntries(files) }, metrics: {} };
    },
    close: compiled.close,
  };
}

/** Targets before the first batch, by `turn.layer.statistic`. */
function zeros(classifier: Classifier, turn: number, patch: number): Record<string, Tensor> {
  const { channels, height, width } = classifier.input;
  const { layers } = classifier.apply(input('images', [1, channels, height, width]));
  const all = layers.flatMap(({ input: entering, norm }, index) =>
    norm
      ? []
      : Object.entries(convolutionStatistics(entering, patch)).map(
          ([
            name,
            {
              shape: [length = 0],
            },
          ]) => [`${turn}.${index}.${name}`, floats(new Float32Array(length), [length])],
        ),
  );
  return Object.fromEntries(all);
}

/** A teacher's sums as its program takes them. */
function sumsOf(tensors: Readonly<Record<string, Tensor>>, turn: number): [string, Tensor][] {
  return Object.entries(tensors).flatMap(([name, value]) =>
    name.startsWith(`${turn}.`) ? [[`sum.${name.slice(name.indexOf('.') + 1)}`, value] as [string, Tensor]] : [],
  );
}

function cropFeeds(boxes: readonly Box[]): Record<string, Tensor> {
  const of = (side: keyof Box) => Float32Array.from(boxes, (box) => box[side]);
  return Object.fromEntries(Object.entries(CROP).map(([name, side]) => [name, floats(of(side), [boxes.length])]));
}

interface Seen {
  readonly crop: boolean;
  readonly padding: number;
  readonly flip: boolean;
  /** Of the data set, by channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** A batch's share of the targets, by `layer.statistic`. */
function statisticsProgram(classifier: Classifier, count: number, patch: number, seen: Seen): Record<string, Expr> {
  const { channels, height, width } = classifier.input;
  const view = viewed(input('images', [count, channels, height, width]), seen);
  const share = input('share', []);
  const outputs: Record<string, Expr> = {};
  for (const [index, { input: entering, norm }] of classifier.apply(view).layers.entries()) {
    if (norm) continue;
    const found = convolutionStatistics(entering, patch);
    const before = Object.entries(found).map(([name, { shape }]) => [name, input(`sum.${index}.${name}`, shape)]);
    const after = accumulated(Object.fromEntries(before), found, share);
    for (const [name, q] of Object.entries(after)) outputs[`${index}.${name}`] = q;
  }
  return outputs;
}

/** What lies outside of an image is black, as where training images are padded before they are normalised. */
function viewed(images: Expr, { crop, padding, flip, mean, std }: Seen): Expr {
  const each = (name: string) => input(name, [images.shape[0] ?? 0]);
  const view = {
    ...(crop && { crop: { top: each('top'), left: each('left'), height: each('tall'), width: each('wide') } }),
    ...(padding > 0 && { shift: { rows: each('down'), columns: each('across') } }),
    ...(flip && { mirrored: each('mirrored') }),
  };
  if (padding === 0) return viewOf(images, view);
  const values = mean.map((own, channel) => -own / (std[channel] ?? 1));
  const black = constant(floats(Float32Array.from(values), [1, values.length, 1, 1]));
  return add(viewOf(sub(images, black), view), black);
}
