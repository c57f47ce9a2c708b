/**
 * One step of distribution matching as the quickstart runs it (ten classes of Fashion-MNIST's bundled subset, 64 real and 10
 * synthetic images of each, siamese augmentation, a fresh network, one SGD step on the images), against the published
 * algorithm in PyTorch eager on as many threads.
 */
import { unwrap } from '../base/result.ts';
import { locateDataSet, openDataSet } from '../data/registry.ts';
import { parseStrategy } from '../nn/augment/dsa.ts';
import { buildNetwork } from '../nn/network.ts';
import { convolutionOn } from '../nn/winograd.ts';
import { openDmStep } from '../stages/match/dm-step.ts';
import { realImagesOf } from '../stages/match/real-images.ts';
import { zerosLike } from '../stages/rows.ts';
import { openBackend } from '../tensor/backends/open.ts';
import { type Benchmark, median, timed } from './benchmark.ts';
import { Peer } from './peer.ts';

const BATCH_REAL = 64;
const IMAGES_PER_CLASS = 10;
const STRATEGY = 'color_crop_cutout_flip_scale_rotate';
/** The quickstart's, that of the scaled-down anchors, and the papers'. */
const WIDTHS = [24, 32, 128];

export const dmStep: Benchmark = async ({ quick, threads, backend }, { figure, ratio, note }) => {
  const set = unwrap(openDataSet('fashion-mnist', unwrap(locateDataSet('fashion-mnist')).folder));
  const real = realImagesOf(set);
  const opened = unwrap(await openBackend(backend, { threads }));
  const tokens = unwrap(parseStrategy(STRATEGY));
  const { channels, height, width: columns, classes } = set;
  const rounds = quick ? 3 : 6;

  for (const width of quick ? WIDTHS.slice(0, 2) : WIDTHS) {
    const seen = { channels, height, width: columns, classes };
    const network = unwrap(buildNetwork({ kind: 'convnet', width, depth: 3 }, seen, convolutionOn(opened)));
    const rates = { learningRate: 1, momentum: 0.5 };
    const sizes = { classes, batchReal: BATCH_REAL, imagesPerClass: IMAGES_PER_CLASS };
    const ours = await openDmStep({ network, real, tokens, seed: { base: 0 }, backend: opened, ...rates, ...sizes });
    const { peer, about } = await Peer.start('dm_step.py', 'torch', {
      threads,
      classes,
      real: BATCH_REAL,
      synthetic: IMAGES_PER_CLASS,
      channels,
      size: height,
      width,
      depth: 3,
      perClass: real.count(0),
      lr: rates.learningRate,
      momentum: rates.momentum,
      tokens,
    });
    note(`width ${width}: ${backend} against PyTorch ${(about as { torch: string }).torch}, ${threads} threads`);

    const ofClass = (label: number) =>
      real.read(
        label,
        Int32Array.from({ length: IMAGES_PER_CLASS }, (_, image) => image),
      );
    const first = await Promise.all(Array.from({ length: classes }, (_, label) => ofClass(label)));
    const data = Float32Array.from(first.flatMap((tensor) => [...tensor.data]));
    const images = { dtype: 'float', shape: [classes * IMAGES_PER_CLASS, channels, height, columns], data } as const;
    let state = { images, velocity: zerosLike(images) } as Parameters<typeof ours.step>[0];
    let iteration = 0;
    const steps = (count: number) =>
      timed(count, async () => {
        state = await ours.step(state, iteration++);
      });
    const theirs = async (count: number) => ((await peer.ask({ steps: count })) as { ms: number[] }).ms;

    // Warm: every token's program is compiled before anything counts.
    await steps(12);
    await theirs(3);
    const mine: number[] = [];
    const other: number[] = [];
    for (let round = 0; round < rounds; round++) {
      mine.push(...(await steps(5)));
      other.push(...(await theirs(5)));
    }
    peer.stop();
    ours.close();
    figure(`dm-step W${width} ours`, median(mine), 'ms');
    figure(`dm-step W${width} PyTorch eager`, median(other), 'ms');
    ratio(`dm-step W${width}`, median(mine) / median(other));
  }
};
