/** Passes over real training images, as experts and upper bounds are trained: shuffled, augmented, last batch kept. */
import type { DataSet } from '../data/data-set.ts';
import type { RandomStream } from '../tensor/random/stream.ts';
import { ints, scalar, type Tensor } from '../tensor/tensor.ts';
import type { Augmenter } from './evaluate/augmenter.ts';
import type { Training } from './evaluate/training.ts';
import type { ImageSpace } from './image-space.ts';
import type { RuleProblem } from './stage.ts';

type Tensors = Readonly<Record<string, Tensor>>;

export interface RealTraining {
  readonly set: DataSet;
  readonly space: ImageSpace;
  readonly augmenter: Augmenter;
  /** Must count what it has right. */
  readonly training: Training;
  /** Training images that are used, from the first. */
  readonly images: number;
  readonly batchSize: number;
}

/** One pass: `pass` numbers it on the stream of shuffles, and with it the draws of the augmenter. */
export async function trainOnce(
  { set: { train }, space, augmenter, training, images, batchSize }: RealTraining,
  tensors: Tensors,
  { shuffles, pass, rate }: { shuffles: RandomStream; pass: number; rate: number },
): Promise<{ tensors: Tensors; loss: number; accuracy: number }> {
  const order = shuffles.permutation(pass, images);
  const batches = Math.ceil(images / batchSize);
  const batchAt = (batch: number) => order.subarray(batch * batchSize, (batch + 1) * batchSize);
  let trained = tensors;
  let loss = 0;
  let right = 0;
  for (let batch = 0; batch < batches; batch++) {
    const [chosen, next] = [batchAt(batch), batchAt(batch + 1)];
    const labels = ints(Int32Array.from(chosen, (image) => train.labels[image] ?? 0));
    const seen = await augmenter.apply(await space.read(train, chosen, next), pass * batches + batch);
    const step = await training.step(trained, seen, labels, scalar(rate));
    trained = step.tensors;
    loss += (step.loss * chosen.length) / images;
    right += step.right;
  }
  return { tensors: trained, loss, accuracy: right / images };
}

/** The parameter `images` of stages that train on real images. */
export const imagesParameter = {
  type: 'integer',
  minimum: 1,
  maximum: 100_000_000,
  description: 'Only so many training images, the first of the files; all of them unless given.',
  examples: [5000],
} as const;

export function imagesProblems(
  images: unknown,
  { title, trainImages }: { title: string; trainImages: number },
): RuleProblem[] {
  if (images === undefined || (images as number) <= trainImages) return [];
  return [{ path: ['images'], message: `${images} images are wanted, but ${title} has ${trainImages} to train on.` }];
}
