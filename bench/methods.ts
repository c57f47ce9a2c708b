/**
 * One step of each matching method, and one epoch of its evaluation, through the very stages that experiments run, against
 * the published algorithms in PyTorch eager (`peers/methods.py`) on as many threads: CIFAR-10's shapes, ConvNets of width
 * 32 and 128. Both sides are processes that take turns. Then how our own cost grows.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Benchmark, median } from './benchmark.ts';
import { cifarLike } from './methods/cifar-like.ts';
import { growth } from './methods/growth.ts';
import { stageSide } from './methods/stage-side.ts';
import { works } from './methods/works.ts';
import { measured, peerSide } from './sides.ts';

const QUICK_WIDTH = 32;

export const methods: Benchmark = async ({ quick, threads, backend, only }, findings) => {
  const { figure, ratio, note } = findings;
  const folder = mkdtempSync(join(tmpdir(), 'retort-bench-'));
  const folders = {
    cifar10: cifarLike(folder, 'cifar10', 5000),
    cifar100: cifarLike(folder, 'cifar100', 5000),
  };
  try {
    const chosen = works().filter(({ name, width }) => (only ? name.includes(only) : !quick || width <= QUICK_WIDTH));
    for (const work of chosen) {
      note(`${work.name}: ${backend}, ${threads} threads`);
      const own = await stageSide({ work, folder: folders[work.set], backend, threads });
      const { params, imagesPerClass, width, stage } = work;
      const peer = await peerSide('methods.py', { threads, width, imagesPerClass, work: stage, params });
      const [ours, theirs] = await measured([own, peer], { ...work, rounds: quick ? 2 : 4 });
      if (!ours || !theirs) continue;
      figure(`${work.name} ours`, median(ours.ms), 'ms');
      figure(`${work.name} PyTorch eager`, median(theirs.ms), 'ms');
      ratio(`${work.name} (must ${work.must?.time})`, median(ours.ms) / median(theirs.ms));
      figure(`${work.name} peak memory ours`, ours.peak / 1e6, 'MB');
      figure(`${work.name} peak memory PyTorch eager`, theirs.peak / 1e6, 'MB');
      ratio(`${work.name} peak memory (must ${work.must?.memory})`, ours.peak / theirs.peak);
    }
    if (!only || 'growth'.includes(only)) await growth({ folders, backend, threads, rounds: quick ? 2 : 5 }, findings);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
