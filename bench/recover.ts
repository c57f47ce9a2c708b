/**
 * The decoupled family through the very stages that experiments run, against the same loops in PyTorch eager with
 * torchvision (`peers/recover.py`) on as many threads: a step of recovery, an epoch of labels, an epoch of a student on
 * stored views. Both sides are processes that take turns.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Benchmark, median } from './benchmark.ts';
import { cifarLike } from './methods/cifar-like.ts';
import { imagenetLike } from './recover/imagenet-like.ts';
import type { ChildConfiguration } from './recover/stage-child.ts';
import { RECOVER, STUDENT, type Work, works } from './recover/works.ts';
import { measured, ownSide, peerSide } from './sides.ts';

export const recover: Benchmark = async ({ quick, threads, backend, only }, findings) => {
  const folder = mkdtempSync(join(tmpdir(), 'retort-bench-'));
  try {
    const folders = {
      cifar10: cifarLike(folder, 'cifar10', 500),
      cifar100: cifarLike(folder, 'cifar100', 500),
      'imagenet-1k': imagenetLike(folder, 10, 4),
    };
    for (const work of works().filter(({ name, ...of }) => (only ? name.includes(only) : !quick || of.quick))) {
      findings.note(`${work.name}: ${backend}, ${threads} threads`);
      const configuration: ChildConfiguration = { work, folder: folders[work.set], backend, threads };
      const own = await ownSide(import.meta.url, 'recover/stage-child', configuration);
      const peer = await peerSide('recover.py', { ...work, threads, recover: RECOVER, student: STUDENT });
      const [ours, theirs] = await measured([own, peer], { ...work, rounds: quick ? 2 : 4 });
      if (ours && theirs) tell(work, [median(ours.ms), median(theirs.ms)], [ours.peak, theirs.peak], findings);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

type Both = readonly [ours: number, theirs: number];

function tell(work: Work, [ours, theirs]: Both, peaks: Both, { figure, ratio }: Parameters<Benchmark>[1]): void {
  const { name, kind, must, classes, imagesPerClass } = work;
  const images = classes * imagesPerClass;
  for (const [whose, ms] of [
    ['ours', ours],
    ['PyTorch eager', theirs],
  ] as const) {
    figure(`${name} ${whose}`, ms, 'ms');
    if (kind === 'relabel') figure(`${name} ${whose}`, (1000 * images) / ms, 'images/s');
  }
  // Of relabelling too it is the seconds an image takes.
  ratio(`${name} (must ${must})`, ours / theirs);
  figure(`${name} peak memory ours`, peaks[0] / 1e6, 'MB');
  figure(`${name} peak memory PyTorch eager`, peaks[1] / 1e6, 'MB');
  ratio(`${name} peak memory`, peaks[0] / peaks[1]);
}
