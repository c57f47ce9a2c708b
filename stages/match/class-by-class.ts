/**
 * DM class by class: a class's augmentation, both embeddings, loss, gradient and step on the images are one program, of
 * which there is one a token. Real images enter once and leave as a mean.
 */
import { classMeans, distanceToMeans } from '../../methods/dm.ts';
import { siameseAugmentation } from '../../methods/dsa.ts';
import type { Token } from '../../nn/augment/dsa.ts';
import { sgd } from '../../nn/optimisers.ts';
import { constant, type Expr, input } from '../../tensor/expr.ts';
import { gradient } from '../../tensor/gradient.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { programs } from '../programs.ts';
import { rows, stacked } from '../rows.ts';
import type { DmSettings, DmStep } from './dm-step.ts';
import type { Draws } from './draws.ts';
import { freshEmbedding, inChunks } from './embedding.ts';

/** Real images that are embedded at a time: of 8 to 64, the fastest at 28 px and widths 32 and 128. */
const CHUNK = 16;

export function openClassByClass(settings: DmSettings, draws: Draws): DmStep {
  const { backend, classes, imagesPerClass } = settings;
  const compiled = programs(backend);

  return {
    async step(state, iteration) {
      const network = draws.network(iteration);
      const images: Tensor[] = [];
      const velocities: Tensor[] = [];
      let loss = 0;
      for (let label = 0; label < classes; label++) {
        const { real, token, omega } = await draws.ofClass(iteration, label);
        const batch = real.shape[0] ?? 0;
        const program = await compiled.get(`${token} ${batch}`, () => classProgram(settings, batch, token));
        const mine = (tensor: Tensor) => rows(tensor, label * imagesPerClass, imagesPerClass);
        const feeds = { real, images: mine(state.images), velocity: mine(state.velocity) };
        const results = await program.run({ ...network, ...omega, ...feeds });
        images.push(results.images as Tensor);
        velocities.push(results.velocity as Tensor);
        loss += results.loss?.data[0] ?? Number.NaN;
      }
      return { images: stacked(images), velocity: stacked(velocities), loss };
    },
    close: compiled.close,
  };
}

/** One class's term of equation (6), and the step that lowers it. */
function classProgram(settings: DmSettings, batchReal: number, token: Token | undefined): Record<string, Expr> {
  const { network, imagesPerClass, learningRate, momentum } = settings;
  const { channels, height, width } = network.input;
  const augmented = siameseAugmentation(token);
  const psi = freshEmbedding(network);

  const real = input('real', [batchReal, channels, height, width]);
  const synthetic = input('images', [imagesPerClass, channels, height, width]);
  const loss = distanceToMeans(psi, augmented(synthetic), classMeans(inChunks(psi, CHUNK), augmented(real), 1));
  const [slope] = gradient(loss, [synthetic]) as [Expr];

  const velocity = input('velocity', synthetic.shape);
  const rate = constant(learningRate);
  const next = sgd({ momentum }).update({ S: synthetic }, { S: slope }, { 'momentum.S': velocity }, rate);
  return { loss, images: next.parameters.S as Expr, velocity: next.state['momentum.S'] ?? velocity };
}
