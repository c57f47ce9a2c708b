/**
 * DM with batch norm: each class is augmented by its own ω, then all real images go through ψ in one pass and all
 * synthetic images in another, so that each pass is normalised by its own statistics over all classes (the published
 * rule for networks with batch norm). Augmentation and its pullback are small programs around one joint program.
 */
import { FailureError, fail } from '../../base/result.ts';
import { distributionMatchingLoss } from '../../methods/dm.ts';
import { augmentProgram, augmentPullback } from '../../nn/augment/dsa-programs.ts';
import { sgd } from '../../nn/optimisers.ts';
import { constant, type Expr, input } from '../../tensor/expr.ts';
import { gradient } from '../../tensor/gradient.ts';
import type { Shape, Tensor } from '../../tensor/tensor.ts';
import { programs } from '../programs.ts';
import { rows, stacked } from '../rows.ts';
import type { DmSettings, DmStep } from './dm-step.ts';
import type { ClassDraw, Draws } from './draws.ts';
import { freshEmbedding } from './embedding.ts';

export async function openAllClasses(settings: DmSettings, draws: Draws): Promise<DmStep> {
  const { backend, classes, imagesPerClass } = settings;
  demandFullBatches(settings);
  const compiled = programs(backend);
  const siamese = { siamese: true };

  const augmented = async (images: Tensor, { token, omega }: ClassDraw): Promise<Tensor> => {
    if (token === undefined) return images;
    const build = () => augmentProgram(token, images.shape, siamese);
    const program = await compiled.get(`augment ${token} ${images.shape}`, build);
    return (await program.run({ images, ...omega })).images as Tensor;
  };
  const pulledBack = async (slope: Tensor, { token, omega }: ClassDraw): Promise<Tensor> => {
    if (token === undefined) return slope;
    const program = await compiled.get(`pullback ${token}`, () => augmentPullback(token, slope.shape, siamese));
    return (await program.run({ gradient: slope, ...omega })).gradient as Tensor;
  };

  const joint = await compiled.get('joint', () => jointProgram(settings));
  const update = await compiled.get('update', () => updateProgram(settings));

  return {
    async step({ images, velocity }, iteration) {
      const mine = (tensor: Tensor, label: number) => rows(tensor, label * imagesPerClass, imagesPerClass);
      const drawn: ClassDraw[] = [];
      const real: Tensor[] = [];
      const synthetic: Tensor[] = [];
      for (let label = 0; label < classes; label++) {
        const draw = await draws.ofClass(iteration, label);
        drawn.push(draw);
        real.push(await augmented(draw.real, draw));
        synthetic.push(await augmented(mine(images, label), draw));
      }
      const feeds = { real: stacked(real), images: stacked(synthetic) };
      const matched = await joint.run({ ...draws.network(iteration), ...feeds });
      const slopes: Tensor[] = [];
      for (const [label, draw] of drawn.entries())
        slopes.push(await pulledBack(mine(matched.slope as Tensor, label), draw));
      const next = await update.run({ images, velocity, slope: stacked(slopes) });
      return {
        images: next.images as Tensor,
        velocity: next.velocity as Tensor,
        loss: matched.loss?.data[0] ?? Number.NaN,
      };
    },
    close: compiled.close,
  };
}

/** Equation (6) of all classes at once, and its gradient in the augmented synthetic images. */
function jointProgram({ network, classes, batchReal, imagesPerClass }: DmSettings): Record<string, Expr> {
  const { channels, height, width } = network.input;
  const real = input('real', [classes * batchReal, channels, height, width]);
  const synthetic = input('images', [classes * imagesPerClass, channels, height, width]);
  const loss = distributionMatchingLoss(freshEmbedding(network), real, synthetic, classes);
  const [slope] = gradient(loss, [synthetic]) as [Expr];
  return { loss, slope };
}

function updateProgram({ network, classes, imagesPerClass, learningRate, momentum }: DmSettings): Record<string, Expr> {
  const { channels, height, width } = network.input;
  const shape: Shape = [classes * imagesPerClass, channels, height, width];
  const [images, slope, velocity] = [input('images', shape), input('slope', shape), input('velocity', shape)];
  const rate = constant(learningRate);
  const next = sgd({ momentum }).update({ S: images }, { S: slope }, { 'momentum.S': velocity }, rate);
  return { images: next.parameters.S as Expr, velocity: next.state['momentum.S'] ?? velocity };
}

function demandFullBatches({ real, classes, batchReal }: DmSettings): void {
  const counts = Array.from({ length: classes }, (_, label) => real.count(label));
  const fewest = Math.min(...counts);
  if (fewest >= batchReal) return;
  const { error } = fail(
    'CLASS_TOO_SMALL',
    `With batch norm, matching needs \`batchReal\` (${batchReal}) images of each class; class ${counts.indexOf(fewest)} has ${fewest}.`,
    { help: 'Lower `batchReal`.' },
  );
  throw new FailureError(error);
}
